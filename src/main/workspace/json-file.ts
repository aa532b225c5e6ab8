import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { z } from 'zod'
import { fileError } from './file-error'

/**
 * Reads a small JSON file; `fallback` where there is none. A damaged file is set aside as `<path>.bad` and reported to
 * `onDamage`, so that one bad write never stops the studio from starting.
 */
export function readJsonFile<T extends z.ZodType>(path: string, schema: T, fallback: z.output<T>, onDamage: (reason: string) => void): z.output<T> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return fallback
    throw fileError(error, path)
  }
  const parsed = parse(text, schema)
  if (parsed.ok) return parsed.value
  onDamage(`${path} is damaged and was set aside as ${path}.bad: ${parsed.reason}`)
  renameSync(path, `${path}.bad`)
  return fallback
}

function parse<T extends z.ZodType>(text: string, schema: T): { ok: true; value: z.output<T> } | { ok: false; reason: string } {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch (error) {
    return { ok: false, reason: (error as Error).message }
  }
  const result = schema.safeParse(raw)
  return result.success ? { ok: true, value: result.data } : { ok: false, reason: result.error.issues[0]?.message ?? 'unexpected content' }
}

/** Writes `value` so that a reader, or a power cut, finds the old file or the new one, never a part. */
export function writeJsonFile(path: string, value: unknown): void {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`
  try {
    mkdirSync(dirname(path), { recursive: true })
    const text = `${JSON.stringify(value, null, 2)}\n`
    const file = openSync(temporary, 'wx', 0o600)
    try {
      writeAndClose(file, text)
      renameSync(temporary, path)
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    }
  } catch (error) {
    throw fileError(error, path)
  }
}

function writeAndClose(file: number, text: string): void {
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
