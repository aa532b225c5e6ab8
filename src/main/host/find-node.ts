import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { AppError } from '#shared/errors'

/**
 * A plain Node binary to run the engine on. Electron's own binary will not do, not even with ELECTRON_RUN_AS_NODE: its
 * allocator traps on onnxruntime's large aligned allocations.
 * Order: EDGEFIT_NODE, this process where it is Node, the binary shipped beside the application (npm's
 * `node-<platform>-<arch>`), `node` on PATH. Throws AppError not-found.
 */
export function findNode({ appRoot, env = process.env }: { appRoot: string; env?: NodeJS.ProcessEnv }): string {
  const chosen = env['EDGEFIT_NODE']
  if (chosen) {
    if (!isExecutable(chosen)) {
      throw new AppError({ code: 'not-found', message: `EDGEFIT_NODE names '${chosen}', which cannot be run.`, hint: 'Set it to a Node binary, or leave it out.' })
    }
    return chosen
  }
  if (!process.versions.electron) return process.execPath
  const found = [...shippedPlaces(appRoot), ...(env['PATH'] ?? '').split(delimiter).filter(Boolean).map((folder) => join(folder, binaryName))].find(isExecutable)
  if (found) return found
  throw new AppError({ code: 'not-found', message: 'No Node binary was found to run the engine on.', hint: 'Install Node 20 or later, or set EDGEFIT_NODE to its path.' })
}

const binaryName = process.platform === 'win32' ? 'node.exe' : 'node'

function shippedPlaces(appRoot: string): string[] {
  const name = `node-${process.platform}-${process.arch}`
  // Electron's addition to `process`: where a packaged application keeps its resources.
  const { resourcesPath } = process as { resourcesPath?: string }
  const roots = [join(appRoot, 'node_modules', name), ...(resourcesPath ? [join(resourcesPath, name)] : [])]
  return roots.map((root) => join(root, 'bin', binaryName))
}

function isExecutable(path: string): boolean {
  if (!existsSync(path)) return false
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
