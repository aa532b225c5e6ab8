import { z } from 'zod'

/** A finding about a model, for people. `code` is kebab-case and stable, so that tests and filters can name it. */
export const Diagnostic = z.object({
  severity: z.enum(['error', 'warning', 'info']),
  code: z.string(),
  message: z.string(),
  /** What to do about it. */
  hint: z.string().optional(),
  nodeId: z.number().optional(),
  nodeName: z.string().optional(),
  valueName: z.string().optional(),
})
export type Diagnostic = z.infer<typeof Diagnostic>
