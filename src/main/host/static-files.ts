import { realpathSync, statSync } from 'node:fs'
import { extname, join, sep } from 'node:path'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.ttf': 'font/ttf',
  '.map': 'application/json',
  '.wasm': 'application/wasm',
}

export interface StaticFile {
  readonly path: string
  readonly type: string
  readonly sizeBytes: number
  /** Its name holds a hash of its content, so it never changes. */
  readonly immutable: boolean
}

/** The file of the renderer that a URL path names, or null where there is none or it would lie outside `folder`. */
export function findStaticFile(folder: string, urlPath: string): StaticFile | null {
  let decoded: string
  try {
    decoded = decodeURIComponent(urlPath)
  } catch {
    // Half an escape names no file.
    return null
  }
  if (decoded.includes('\0')) return null
  const wanted = join(folder, decoded === '/' ? 'index.html' : decoded)
  const stat = statSync(wanted, { throwIfNoEntry: false })
  if (!stat?.isFile()) return null
  const path = realpathSync(wanted)
  if (!path.startsWith(realpathSync(folder) + sep)) return null
  return {
    path,
    type: TYPES[extname(path)] ?? 'application/octet-stream',
    sizeBytes: stat.size,
    immutable: decoded.startsWith('/assets/'),
  }
}
