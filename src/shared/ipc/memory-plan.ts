import { z } from 'zod'

export const MemoryPlan = z.object({
  /** In the order in which the nodes run. */
  steps: z.array(z.object({ nodeId: z.number().int(), nodeName: z.string(), opType: z.string(), liveBytes: z.number().describe('In use while the node runs: what it reads and makes, and what waits for later nodes; weights not included.') })),
  peakBytes: z.number(),
  /** Place in `steps` of the peak; null where nothing is known to take memory. */
  peakStep: z.number().int().nullable(),
  inputBytes: z.number().describe("The model's inputs, which count throughout."),
  weightBytes: z.number(),
  sumBytes: z.number().describe('All that nodes make, each in a place of its own.'),
  reuseBytes: z.number().describe('The same in one block in which places are used again: `buffers` has them.'),
  reorderedPeakBytes: z.number().describe('The peak after `reorder-nodes`.'),
  buffers: z.array(z.object({ name: z.string(), sizeBytes: z.number(), firstStep: z.number().int(), lastStep: z.number().int(), offset: z.number() })),
  unknown: z.array(z.string()).describe('Values that count nothing because their size is not known.'),
})
export type MemoryPlan = z.infer<typeof MemoryPlan>
