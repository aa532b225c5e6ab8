import { copyFileSync, linkSync } from 'node:fs'

/** Gives a file a second name where the file system can, else copies it. Only for files that are replaced, never written into. */
export function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch {
    copyFileSync(from, to)
  }
}
