import type { EngineCommand } from '../engine-process'
import type { RecordTargets } from './job-recorder'

export interface CliContext {
  readonly appRoot: string
  /** Another way to start the engine than the built bundle; for tests. */
  readonly engine?: EngineCommand
  /** Set as the command line is parsed. */
  readonly records?: RecordTargets
}
