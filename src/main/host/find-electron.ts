import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Electron's executable, or null where it was not downloaded. The package is not asked, since it would start the
 * download; it notes the executable's place in `path.txt` once it is there.
 */
export function findElectron(appRoot: string, env: NodeJS.ProcessEnv = process.env): string | null {
  const folder = join(appRoot, 'node_modules', 'electron')
  const note = join(folder, 'path.txt')
  if (!existsSync(note)) return null
  const binary = join(env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(folder, 'dist'), readFileSync(note, 'utf8').trim())
  return existsSync(binary) ? binary : null
}
