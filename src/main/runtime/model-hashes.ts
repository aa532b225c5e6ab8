import { statSync } from 'node:fs'
import { hashModelFile, openModelFile } from './model-file'

export interface ModelHashes {
  /** What `hashModelFile` gives, computed again only where a file of the model was written since. Throws as that does. */
  hashOf(path: string): Promise<string>
}

interface Hashed {
  /** Of the model file and its data files, as they were before they were hashed. */
  readonly stamps: ReadonlyMap<string, string | null>
  readonly sha256: Promise<string>
}

/** Keeps the hashes of models, gigabytes of which are asked for again and again. Requests at the same time share one reading. */
export function createModelHashes(): ModelHashes {
  const known = new Map<string, Hashed>()

  function hash(path: string): Hashed {
    const file = openModelFile(path)
    file.close()
    const hashed = { stamps: new Map([file.path, ...file.externalFiles].map((each) => [each, stampOf(each)])), sha256: hashModelFile(path) }
    // Data that is missing now may come to lie there, which no stamp would tell.
    if (file.diagnostics.length === 0) known.set(path, hashed)
    return hashed
  }

  return {
    async hashOf(path) {
      const before = known.get(path)
      const hashed = before && isCurrent(before) ? before : hash(path)
      try {
        return await hashed.sha256
      } catch (error) {
        if (known.get(path) === hashed) known.delete(path)
        throw error
      }
    },
  }
}

function isCurrent({ stamps }: Hashed): boolean {
  return [...stamps].every(([path, stamp]) => stampOf(path) === stamp)
}

/** Changes when the file is written or replaced; null where it is gone. Not the time of its last new name: links are made for jobs. */
function stampOf(path: string): string | null {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats === undefined ? null : [stats.size, stats.mtimeNs, stats.ino].join(':')
}
