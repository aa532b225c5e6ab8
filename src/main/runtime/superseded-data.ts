import { readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { AppError } from '#shared/errors'
import { decodeModel } from '#shared/onnx/codec/decode'
import { parseExternalEntries } from '#shared/onnx/external-location'
import { openFileSource } from './file-source'

export interface SupersededData {
  /** To be called once the new model, which names the files `stillUsed`, is in place. */
  remove(stillUsed: ReadonlySet<string>): void
}

/**
 * Data files that the model at `target` names and that saving it anew may leave without a reader. Only those that bear
 * the model's own name, as saving gives them, and that no other model in the folder names are removed.
 */
export function findSupersededData(target: string): SupersededData {
  const base = basename(target)
  const own = (dataLocations(target) ?? []).filter((location) => location.startsWith(base) && /^(-\d+)?\.data$/.test(location.slice(base.length)))
  return {
    remove(stillUsed) {
      const candidates = own.filter((location) => !stillUsed.has(location))
      if (candidates.length === 0) return
      const folder = dirname(target)
      const others = readdirSync(folder).filter((name) => name.toLowerCase().endsWith('.onnx') && name !== base)
      const elsewhere = others.map((name) => dataLocations(join(folder, name)))
      // A model that cannot be read may name any of them.
      if (elsewhere.includes(null)) return
      const named = new Set(elsewhere.flatMap((locations) => locations ?? []))
      for (const location of candidates) if (!named.has(location)) rmSync(join(folder, location), { force: true })
    },
  }
}

/** Locations of a model's external data; none for a file that is not there, null for one that cannot be read. */
function dataLocations(path: string): string[] | null {
  const locations = new Set<string>()
  try {
    const source = openFileSource(path)
    try {
      decodeModel(source, {
        resolveExternal: (entries) => {
          const location = parseExternalEntries(entries)?.location
          if (location !== undefined) locations.add(location)
          return null
        },
      })
    } finally {
      source.close()
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return error.code === 'not-found' ? [] : null
  }
  return [...locations]
}
