import type { EngineCommand } from '../engine-process'

export interface CliContext {
  readonly appRoot: string
  /** Another way to start the engine than the built bundle; for tests. */
  readonly engine?: EngineCommand
}
