/** Built-in recipes on every third-party model: it works, or an error or a diagnostic says exactly why not. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { AppError } from '#shared/errors'
import type { OptimizeReport } from '#shared/ipc/jobs'
import { builtInRecipes } from '../src/main/passes/built-in-recipes'
import { optimizeModel } from '../src/main/passes/optimize-model'
import { sharedModelsFolder } from './fixtures/shared-models'

const indexPath = join(sharedModelsFolder, 'index.json')
const entry = z.object({ file: z.string(), ran: z.boolean().optional(), feeds: z.record(z.string(), z.string()).nullish() })
const entries = existsSync(indexPath) ? z.array(entry).parse(JSON.parse(readFileSync(indexPath, 'utf8'))) : []

const folder = mkdtempSync(join(tmpdir(), 'edgefit-recipes-'))
const table: string[] = []
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
  console.log(table.join('\n'))
})

/** Half precision of large pictures is slow on processors. */
const PATIENCE_MS = 300_000

/**
 * Every form of graph once. The -accurate recipes make the same graphs with other numbers, in minutes; they and the recipes that only fuse
 * have tests of their own.
 */
const recipes = builtInRecipes.filter(({ name }) => !name.endsWith('-accurate') && name !== 'simplify' && name !== 'fuse-for-onnxruntime' && !name.startsWith('prune-'))

describe.skipIf(entries.length === 0).each(recipes.map((recipe) => [recipe.name, recipe] as const))('%s', (name, recipe) => {
  it.each(entries.map(({ file, ...rest }) => [file, rest] as const))('%s', async (file, { ran, feeds }) => {
    const outputPath = join(folder, 'result.onnx')
    const dims = dimsOf(feeds ?? {})
    let report: OptimizeReport
    try {
      report = await optimizeModel(
        { inputPath: join(sharedModelsFolder, file), outputPath, recipe, data: { kind: 'synthetic', samples: 2 }, dims, measureLatency: false },
        { scratchFolder: folder, signal: new AbortController().signal, progress: () => undefined },
      )
    } catch (error) {
      // What runs must be worked on; what does not may be refused, in words.
      expect(error).toBeInstanceOf(AppError)
      expect([file, ran === true && !file.endsWith('.ort')]).toEqual([file, false])
      expect((error as AppError).message).not.toMatch(/internal|\n\s+at /)
      expect(existsSync(outputPath)).toBe(false)
      table.push(`${name.padEnd(13)} ${file.padEnd(48)} refused: ${(error as AppError).message}`)
      return
    }
    rmSync(outputPath)
    const findings = [...report.passes.flatMap(({ diagnostics }) => diagnostics), ...report.diagnostics]
    table.push(line(name, file, report, findings.map(({ code }) => code)))
    if (ran === true) expect(report.kernels, 'onnxruntime loads the result').not.toBeNull()
    else if (report.kernels === null) expect(findings.map(({ code }) => code)).toContain('cannot-run')
    // Nothing that could be quantized is left without a word.
    expect(findings.every(({ message }) => message.length > 10 && !message.includes('undefined'))).toBe(true)
  }, PATIENCE_MS)
})

/** Sizes that are known to work, as `input:axis`. An empty dimension cannot be asked for; guessing finds others that go together. */
function dimsOf(feeds: Readonly<Record<string, string>>): Record<string, number> {
  const sizes = Object.entries(feeds).flatMap(([input, type]) => {
    const dims = /\[(.+)\]/.exec(type)?.[1]?.split(',') ?? []
    return dims.map((dim, axis): [string, number] => [`${input}:${axis}`, Number(dim)])
  })
  return sizes.some(([, size]) => size === 0) ? {} : Object.fromEntries(sizes)
}

function line(name: string, file: string, { sizeRatio, kernels, outputError }: OptimizeReport, codes: readonly string[]): string {
  const worst = outputError.reduce<number | null>((low, { sqnrDb }) => (sqnrDb === null ? low : Math.min(low ?? Infinity, sqnrDb)), null)
  const counts = [...new Set(codes)].map((code) => `${code}×${codes.filter((other) => other === code).length}`)
  return `${name.padEnd(13)} ${file.padEnd(48)} size ${sizeRatio.toFixed(3).padStart(7)}  integer kernels ${String(kernels?.integerKernels ?? '–').padStart(3)}  lowest SQNR ${worst === null ? 'equal' : `${worst.toFixed(1)} dB`}  ${counts.join(' ')}`
}
