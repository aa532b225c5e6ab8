import type { TellProgress } from './pass'

/** What work on a whole model is given by whoever asks for it: a job, a command, a test. */
export interface TaskContext {
  /** A folder of this work's own. */
  readonly scratchFolder: string
  readonly signal: AbortSignal
  /** `fraction` is 0…1 of the whole. */
  readonly progress: TellProgress
}
