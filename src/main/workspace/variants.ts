/**
 * Variants on disk: `<folder>/<source sha256>/<id>/{model.onnx, variant.json, external data}`. They outlive every process;
 * the id is made from source, recipe and data, so the same job done again lands in the same place.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { z } from 'zod'
import { AppError } from '#shared/errors'
import { type OptimizeReport, Variant } from '#shared/ipc/jobs'
import { ProfileResult } from '#shared/measurement'
import { fileError } from './file-error'
import { readJsonFile, writeJsonFile } from './json-file'

export interface VariantStore {
  /** Variants of the source with this hash, and of edits of it that were not saved, oldest first. A damaged entry is skipped and told of in the log. */
  list(sourceSha256: string): Variant[]
  /** From now on the variants of the model with the second hash, which was edited and not saved, are also listed with the file it was before. */
  noteEdited(sourceSha256: string, editedSha256: string): void
  /** Moves a finished model (`stagedFolder/model.onnx`, and data files beside it) into the store. */
  add(options: { name: string; report: OptimizeReport; stagedFolder: string }): Variant
  remove(sourceSha256: string, id: string): void
  find(sourceSha256: string, id: string): Variant
  /** The variant whose model is at `path`, or null. */
  at(path: string): Variant | null
  /** Files of a variant: its model first, then external data. */
  files(variant: Variant): string[]
  /** Keeps a measurement beside the variant, or beside its source. */
  keepProfile(at: { sourceSha256: string; variantId: string | null }, profile: ProfileResult): void
  /** The last measurement of the source itself. */
  sourceProfile(sourceSha256: string): ProfileResult | null
  isEmpty(): boolean
}

const MODEL_FILE = 'model.onnx'
const VARIANT_FILE = 'variant.json'
const SOURCE_PROFILE_FILE = 'source-profile.json'
const EDITED_FILE = 'edited.json'

const Hashes = z.array(z.string().regex(/^[0-9a-f]{64}$/))

export function variantId(report: OptimizeReport): string {
  const inputs = JSON.stringify([report.source.sha256, report.recipe.passes, report.data])
  return createHash('sha256').update(inputs).digest('hex').slice(0, 16)
}

export function openVariants(folder: string, onDamage: (reason: string) => void): VariantStore {
  function read(sourceSha256: string, id: string): Variant | null {
    const path = join(folder, sourceSha256, id, VARIANT_FILE)
    const modelPath = join(folder, sourceSha256, id, MODEL_FILE)
    try {
      if (!existsSync(modelPath)) throw new Error('its model is gone')
      // The path is where it lies now: the home folder may have been moved.
      const variant = { ...Variant.parse(JSON.parse(readFileSync(path, 'utf8'))), id, modelPath }
      return { ...variant, report: { ...variant.report, result: { ...variant.report.result, path: modelPath } } }
    } catch (error) {
      onDamage(`variant ${sourceSha256}/${id} is damaged and is left out: ${(error as Error).message}`)
      return null
    }
  }

  /** Of the model itself, and of its edits that were not saved. */
  function hashesOf(sourceSha256: string): string[] {
    if (!isHash(sourceSha256)) return []
    return [sourceSha256, ...readJsonFile(join(folder, sourceSha256, EDITED_FILE), Hashes, [], onDamage)]
  }

  function find(sourceSha256: string, id: string): Variant {
    const hash = isId(id) ? hashesOf(sourceSha256).find((one) => existsSync(join(folder, one, id))) : undefined
    const variant = hash === undefined ? null : read(hash, id)
    if (!variant) throw new AppError({ code: 'not-found', message: `There is no variant '${id}' of this model.`, hint: 'It may have been removed in another window.' })
    return variant
  }

  function list(sourceSha256: string): Variant[] {
    return hashesOf(sourceSha256)
      .flatMap((hash) => listOwn(hash).map((variant) => (hash === sourceSha256 ? withoutRevision(variant) : variant)))
      .toSorted((a, b) => a.createdAt.localeCompare(b.createdAt))
  }

  function listOwn(sourceSha256: string): Variant[] {
    const root = join(folder, sourceSha256)
    if (!existsSync(root)) return []
    return readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && isId(entry.name))
      .flatMap((entry) => read(sourceSha256, entry.name) ?? [])
  }

  return {
    list,
    find,
    noteEdited(sourceSha256, editedSha256) {
      const known = hashesOf(sourceSha256)
      if (!known.includes(editedSha256)) writeJsonFile(join(folder, sourceSha256, EDITED_FILE), [...known.slice(1), editedSha256])
    },
    add({ name, report, stagedFolder }) {
      const id = variantId(report)
      const target = join(folder, report.source.sha256, id)
      const modelPath = join(target, MODEL_FILE)
      const variant: Variant = {
        id,
        name,
        createdAt: new Date().toISOString(),
        modelPath,
        report: { ...report, result: { ...report.result, path: modelPath } },
        profile: null,
      }
      try {
        writeJsonFile(join(stagedFolder, VARIANT_FILE), variant)
        mkdirSync(dirname(target), { recursive: true })
        // A folder cannot replace another in one step; the old one gives the same model, so losing it to a crash costs a job.
        rmSync(target, { recursive: true, force: true })
        renameSync(stagedFolder, target)
      } catch (error) {
        throw fileError(error, target)
      }
      return variant
    },
    remove(sourceSha256, id) {
      rmSync(dirname(find(sourceSha256, id).modelPath), { recursive: true, force: true })
    },
    at(path) {
      if (!path.startsWith(folder + sep)) return null
      const [sourceSha256 = '', id = '', ...file] = path.slice(folder.length + 1).split(sep)
      return file.join(sep) === MODEL_FILE && isHash(sourceSha256) && isId(id) ? read(sourceSha256, id) : null
    },
    files(variant) {
      const root = dirname(variant.modelPath)
      const others = readdirSync(root).filter((name) => name !== MODEL_FILE && name !== VARIANT_FILE && !name.endsWith('.tmp'))
      return [variant.modelPath, ...others.map((name) => join(root, name))]
    },
    keepProfile({ sourceSha256, variantId: id }, profile) {
      if (id === null) writeJsonFile(join(folder, sourceSha256, SOURCE_PROFILE_FILE), profile)
      else writeJsonFile(join(folder, sourceSha256, id, VARIANT_FILE), { ...find(sourceSha256, id), profile })
    },
    sourceProfile(sourceSha256) {
      const path = join(folder, sourceSha256, SOURCE_PROFILE_FILE)
      if (!isHash(sourceSha256) || !existsSync(path)) return null
      try {
        return ProfileResult.parse(JSON.parse(readFileSync(path, 'utf8')))
      } catch (error) {
        onDamage(`the measurement ${path} is damaged and is left out: ${(error as Error).message}`)
        return null
      }
    },
    isEmpty: () => !existsSync(folder) || readdirSync(folder).length === 0,
  }
}

/** What it was made from is what lies in the file: the edits were saved since. */
function withoutRevision(variant: Variant): Variant {
  const { revision: _, ...source } = variant.report.source
  return { ...variant, report: { ...variant.report, source } }
}

function isId(text: string): boolean {
  return /^[0-9a-f]{16}$/.test(text)
}

function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}
