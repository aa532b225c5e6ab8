/** What went wrong, as a word a program can branch on. Add a code only when someone branches on it or explains it. */
export type ErrorCode =
  | 'bad-usage'
  | 'cancelled'
  | 'changed-on-disk'
  | 'device-lost'
  | 'disk-full'
  | 'engine-crashed'
  | 'invalid-data'
  | 'invalid-model'
  | 'invalid-recipe'
  | 'internal'
  | 'not-a-model'
  | 'not-found'
  | 'not-supported'
  | 'out-of-memory'
  | 'path-escapes-folder'
  | 'permission-denied'
  | 'runtime-rejected'
  | 'truncated'

/** The form in which an error crosses a process boundary. */
export interface ErrorData {
  code: ErrorCode
  /** What happened and why, in one sentence. */
  message: string
  /** What the person can do about it. */
  hint?: string | undefined
  details?: Record<string, unknown> | undefined
}

/** An error a user can cause or mend. Everything else is a plain `Error` whose message starts with `internal:`. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly details: Record<string, unknown> | undefined

  constructor({ code, message, hint, details }: ErrorData, options?: ErrorOptions) {
    super(message, options)
    this.name = 'AppError'
    this.code = code
    this.hint = hint
    this.details = details
  }
}

/** Turns anything thrown into data. A plain Error is our own bug: its code is `internal`, its stack stays behind. */
export function toErrorData(error: unknown): ErrorData {
  if (error instanceof AppError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.hint !== undefined && { hint: error.hint }),
      ...(error.details !== undefined && { details: error.details }),
    }
  }
  if (error instanceof Error && error.name === 'AbortError') return { code: 'cancelled', message: 'The work was cancelled.' }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'internal', message, hint: 'This is a defect in Edgefit. Please report it with the log.' }
}
