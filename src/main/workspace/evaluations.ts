/**
 * Results of evaluations on disk: `<folder>/<model sha256>/<key>.json`, the key made of everything that bears on the figure, so that the same
 * evaluation asked for again is found, wherever the model's file lies. `<key>.part.json` is what an interrupted one had done.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { EvaluationResult } from '#shared/evaluation/evaluation-result'
import type { MetricName, Outcome } from '#shared/evaluation/metric'
import { Preprocessing } from '#shared/evaluation/preprocessing'
import { writeJsonFile } from './json-file'

export interface EvaluationInputs {
  readonly modelSha256: string
  readonly referenceSha256: string | null
  readonly dataFingerprint: string
  readonly metric: MetricName
  readonly card: Preprocessing
  readonly limit: number | null
  readonly exactIntegers: boolean
}

const Part = z.object({
  outcomes: z.array(
    z.object({
      name: z.string(),
      score: z.number(),
      weight: z.number(),
      expected: z.number().optional(),
      predicted: z.number().optional(),
      expectedText: z.string().optional(),
      predictedText: z.string().optional(),
      detail: z.array(z.number()).optional(),
    }),
  ),
  skipped: z.array(z.object({ name: z.string(), reason: z.string() })),
  inferenceMs: z.number(),
})

/** How far an evaluation has come. */
export interface EvaluationPart {
  readonly outcomes: readonly Outcome[]
  readonly skipped: readonly { readonly name: string; readonly reason: string }[]
  readonly inferenceMs: number
}

export interface EvaluationStore {
  find(inputs: EvaluationInputs): EvaluationResult | null
  keep(inputs: EvaluationInputs, result: EvaluationResult): void
  /** What an interrupted run of the same evaluation has done. */
  part(inputs: EvaluationInputs): EvaluationPart | null
  keepPart(inputs: EvaluationInputs, part: EvaluationPart): void
  /** All of a model, newest first; damaged ones are left out. */
  list(modelSha256: string): EvaluationResult[]
  /** The card that was last chosen for a model. */
  card(modelSha256: string): Preprocessing | null
  keepCard(modelSha256: string, card: Preprocessing): void
  /** Nothing is kept of any model. */
  isEmpty(): boolean
}

const CARD_FILE = 'preprocessing.json'

export function openEvaluations(folder: string): EvaluationStore {
  const path = (inputs: EvaluationInputs, ending: string) => join(folder, inputs.modelSha256, `${keyOf(inputs)}${ending}`)
  return {
    find: (inputs) => read(path(inputs, '.json'), EvaluationResult),
    keep(inputs, result) {
      writeJsonFile(path(inputs, '.json'), result)
      rmSync(path(inputs, '.part.json'), { force: true })
    },
    part(inputs) {
      const found = read(path(inputs, '.part.json'), Part)
      // Fields that are absent were left out when written, so nothing is undefined here.
      return found as EvaluationPart | null
    },
    keepPart: (inputs, part) => writeJsonFile(path(inputs, '.part.json'), part),
    list(modelSha256) {
      const own = join(folder, modelSha256)
      if (!/^[0-9a-f]{64}$/.test(modelSha256) || !existsSync(own)) return []
      return readdirSync(own)
        .filter((name) => /^[0-9a-f]{64}\.json$/.test(name))
        .flatMap((name) => read(join(own, name), EvaluationResult) ?? [])
        .toSorted((a, b) => b.conditions.measuredAt.localeCompare(a.conditions.measuredAt))
    },
    card: (modelSha256) => read(join(folder, modelSha256, CARD_FILE), Preprocessing),
    keepCard: (modelSha256, card) => writeJsonFile(join(folder, modelSha256, CARD_FILE), card),
    isEmpty: () => !existsSync(folder) || readdirSync(folder).length === 0,
  }
}

function keyOf({ referenceSha256, dataFingerprint, metric, card, limit, exactIntegers }: EvaluationInputs): string {
  return createHash('sha256').update(JSON.stringify([1, referenceSha256, dataFingerprint, metric, card, limit, exactIntegers])).digest('hex')
}

/** A damaged entry counts as none: it can be made again. */
function read<T extends z.ZodType>(path: string, schema: T): z.output<T> | null {
  if (!existsSync(path)) return null
  try {
    const parsed = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')))
    return parsed.success ? parsed.data : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
