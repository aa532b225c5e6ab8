/** What an evaluation finds: a figure, how sure it is, and what each sample gave. A figure never travels without its conditions. */
import { z } from 'zod'
import { Diagnostic } from '../diagnostic'
import { MetricName } from './metric'
import { Preprocessing } from './preprocessing'

const Interval = z.object({ low: z.number(), high: z.number() })

/** Columns of what each sample gave; see `Outcome` in `metric.ts`. */
export const OutcomeColumns = z.object({
  names: z.array(z.string()),
  scores: z.array(z.number()),
  weights: z.array(z.number()).nullable().describe('Null: 1 each.'),
  expected: z.array(z.number()).nullable(),
  predicted: z.array(z.number()).nullable(),
  details: z.array(z.array(z.number())).nullable().describe('Null also where they would be too many to keep.'),
})
export type OutcomeColumns = z.infer<typeof OutcomeColumns>

export const ClassResult = z.object({
  index: z.number().int(),
  name: z.string(),
  /** Samples (boxes, pixels) that have this label. */
  support: z.number(),
  /** The metric's figure of this class; null where it has none. */
  value: z.number().nullable(),
  precision: z.number().nullable(),
  recall: z.number().nullable(),
})
export type ClassResult = z.infer<typeof ClassResult>

export const WorstSample = z.object({
  name: z.string(),
  expected: z.string(),
  predicted: z.string(),
  value: z.number(),
})
export type WorstSample = z.infer<typeof WorstSample>

/** How good a model is on data with labels (or against its source), as far as it was run. */
export const EvaluationResult = z.object({
  model: z.object({ path: z.string(), sha256: z.string(), sizeBytes: z.number() }),
  /** Set where the metric compares with the outputs of another model. */
  reference: z.object({ path: z.string(), sha256: z.string() }).nullable(),
  metric: MetricName,
  /** 0…1 for shares; null where it cannot be formed (AUC of one class only). */
  value: z.number().nullable(),
  /** 95 %. */
  interval: Interval.nullable(),
  /** Other figures from the same run, by name: `top-5`, `f1-micro`. */
  also: z.record(z.string(), z.number()),
  samples: z.number().int().describe('Evaluated, without those left out.'),
  skipped: z.object({ count: z.number().int(), first: z.array(z.object({ name: z.string(), reason: z.string() })) }),
  data: z.object({ path: z.string(), fingerprint: z.string(), description: z.string(), samples: z.number().int() }),
  preprocessing: Preprocessing,
  classNames: z.array(z.string()).nullable(),
  classes: z.array(ClassResult),
  /** `[expected][predicted]` counts; null where there are no classes, or too many to show. */
  confusion: z.array(z.array(z.number())).nullable(),
  worst: z.array(WorstSample),
  outcomes: OutcomeColumns,
  conditions: z.object({
    device: z.string(),
    runtime: z.string(),
    threads: z.number().int(),
    /** Whether integer kernels that do not saturate were used, as phones have them. */
    exactIntegers: z.boolean(),
    /** ISO 8601. */
    measuredAt: z.string(),
  }),
  durationMs: z.number(),
  /** Time in onnxruntime alone. */
  inferenceMs: z.number(),
  diagnostics: z.array(Diagnostic),
  /** Whether it was found in the store instead of run. */
  cached: z.boolean().default(false),
})
export type EvaluationResult = z.infer<typeof EvaluationResult>

/** What a running evaluation tells. */
export const EvaluationPartial = EvaluationResult.pick({ metric: true, value: true, interval: true, samples: true, worst: true, confusion: true, classNames: true }).extend({ skipped: z.number().int() })
export type EvaluationPartial = z.infer<typeof EvaluationPartial>
