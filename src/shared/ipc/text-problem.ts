import { z } from 'zod'

/** Something wrong in a text. Lines and columns count from 1; `endColumn` is behind the last character, on the same line. */
export const TextProblem = z.object({ line: z.number().int(), column: z.number().int(), endColumn: z.number().int(), message: z.string() })
export type TextProblem = z.infer<typeof TextProblem>

/** `details` of the `invalid-data` error of a text. */
export const TextErrorDetails = z.object({ problems: z.array(TextProblem).min(1) })
