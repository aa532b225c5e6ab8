import { z } from 'zod'
import { Preprocessing } from './preprocessing'

/** What is known of data before it is evaluated on. */
export const EvaluationSetup = z.object({
  kind: z.enum(['images', 'sounds', 'texts', 'tensors', 'table']),
  /** Null where it cannot be told yet. */
  sampleCount: z.number().int().nullable(),
  description: z.string(),
  card: Preprocessing,
  cardFrom: z.enum(['model', 'guess']),
  /** Names of the model's inputs. */
  inputs: z.array(z.string()),
  /** The tokenizer that was found. */
  tokenizer: z.string().nullable(),
})
export type EvaluationSetup = z.infer<typeof EvaluationSetup>
