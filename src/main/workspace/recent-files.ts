import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { z } from 'zod'
import type { RecentFile } from '#shared/ipc/contract'
import { readJsonFile, writeJsonFile } from './json-file'

const MAX_ENTRIES = 20
const Entries = z.array(z.object({ path: z.string(), openedAt: z.string() }))

export interface RecentFiles {
  /** Latest first. */
  list(): z.infer<typeof RecentFile>[]
  add(path: string): void
}

export function openRecentFiles(path: string, onDamage: (reason: string) => void): RecentFiles {
  const read = () => readJsonFile(path, Entries, [], onDamage)
  return {
    list: () => read().map((entry) => ({ ...entry, name: basename(entry.path), exists: existsSync(entry.path) })),
    add(opened) {
      const others = read().filter((entry) => entry.path !== opened)
      writeJsonFile(path, [{ path: opened, openedAt: new Date().toISOString() }, ...others].slice(0, MAX_ENTRIES))
    },
  }
}
