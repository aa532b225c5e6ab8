import { basename } from 'node:path'

/** Name for a Content-Disposition header (RFC 6266): plain ASCII, and the real one encoded. */
export function dispositionHeader(name: string): string {
  const plain = basename(name).replace(/[^\x20-\x7e]|["\\]/g, '_')
  const encoded = encodeURIComponent(basename(name)).replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}
