import { join } from 'node:path'
import type { EngineCommand } from './engine-process'
import { findNode } from './find-node'

/** The built engine on a plain Node. Throws AppError not-found where there is no Node. */
export function builtEngineCommand(appRoot: string): EngineCommand {
  return { node: findNode({ appRoot }), args: [join(appRoot, 'out', 'main', 'engine.js')] }
}
