/** What bounds a model's speed on this computer, and how it scales. */
import { z } from 'zod'
import { Conditions } from './measurement'

const Scaled = z.object({ p50Ms: z.number(), p90Ms: z.number(), runs: z.number().int() })

export const ProfileLimits = z.object({
  conditions: Conditions,
  peaks: z.object({
    gflops: z.number().describe('The fastest of several float32 products of 768×768 matrices in onnxruntime, on all cores; a multiply–accumulate counts as two.'),
    gbPerSecond: z.number().describe('Bytes read and written by the fastest of several copies of 64 MB.'),
  }),
  /** Of one inference with the data used, by node of the main graph; null where a shape is open. */
  nodes: z.array(z.object({ id: z.number().int(), macs: z.number().nullable(), bytes: z.number().nullable().describe('Of inputs, weights and outputs, each once.') })),
  threads: z.array(Scaled.extend({ threads: z.number().int() })),
  batches: z.array(Scaled.extend({ batch: z.number().int() })),
  /** Why there are no more batches; null where all were run. */
  batchNote: z.string().nullable(),
  cold: z.object({ loadMs: z.number(), firstRunMs: z.number(), warmP50Ms: z.number() }),
  /** Resident size of the process, every few milliseconds. */
  memory: z.array(z.object({ atMs: z.number(), bytes: z.number(), phase: z.enum(['before', 'loading', 'first-run', 'running', 'closed']) })),
})
export type ProfileLimits = z.infer<typeof ProfileLimits>
