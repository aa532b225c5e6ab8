import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The folder of the installed application or the checkout: the nearest one above `from` that holds our package.json. */
export function findAppRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json')
    if (existsSync(manifest) && readManifest(manifest).name === 'edgefit') return folder
    if (dirname(folder) === folder) throw new Error(`internal: no package.json of edgefit above ${from}`)
  }
}

function readManifest(path: string): { name?: unknown; version?: unknown } {
  return JSON.parse(readFileSync(path, 'utf8')) as { name?: unknown; version?: unknown }
}

/** The version in a package.json, or 'unknown' where the package is not installed. */
export function packageVersion(folder: string): string {
  const manifest = join(folder, 'package.json')
  return existsSync(manifest) ? String(readManifest(manifest).version) : 'unknown'
}
