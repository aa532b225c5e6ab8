import { resolve } from 'node:path'
import { InvalidArgumentError, Option } from 'commander'
import type { z } from 'zod'
import { AppError } from '#shared/errors'
import { Preprocessing } from '#shared/evaluation/preprocessing'
import type { DataSource } from '#shared/ipc/jobs'
import { readJson } from './read-file'

export function jsonOption(): Option {
  return new Option('--json', 'print the result as one JSON document on stdout')
}

/** A parser for whole numbers within bounds. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max) throw new InvalidArgumentError(`Give a whole number from ${String(min)} to ${String(max)}.`)
    return value
  }
}

/** Sizes of free dimensions, given as often as needed. */
export function dimOption(): Option {
  return new Option('--dim <name=size...>', 'size of a free dimension, by symbol or as input:axis; may be given several times').default({}).argParser((text: string, sizes: Record<string, number>) => {
    const [, name, size] = /^(.+)=(\d+)$/.exec(text) ?? []
    if (name === undefined || Number(size) < 1) throw new InvalidArgumentError('Give it as name=size, with a size from 1.')
    return { ...sizes, [name]: Number(size) }
  })
}

/** The data a path option names; random inputs where it is left out. */
export function dataSource(path: string | undefined, samples: number, card?: string): z.input<typeof DataSource> {
  return path === undefined ? { kind: 'synthetic', samples } : { kind: 'path', path: resolve(path), ...(card !== undefined && { card: readCard(resolve(card)) }) }
}

/** How data is prepared, from a file. Throws AppError. */
export function readCard(path: string): Preprocessing {
  return readJson(path, Preprocessing, (reason) => new AppError({ code: 'bad-usage', message: `'${path}' does not say how data is prepared: ${reason}.`, hint: '`edgefit evaluate --json` prints what it was prepared by, as `preprocessing`.' }))
}
