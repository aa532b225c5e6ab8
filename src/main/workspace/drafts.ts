/**
 * Unsaved edits, kept so that no crash loses them: for each edited document a folder with a journal, one line of JSON for each
 * step, and the files that its commands read. The first line says what the steps start from.
 */
import { createHash } from 'node:crypto'
import { appendFileSync, closeSync, existsSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { uptime } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { AppError } from '#shared/errors'
import { EditCommand } from '#shared/ipc/edit-commands'
import { fileError } from './file-error'

/** Ids the document had when the journal was begun, in the order in which the model file lists graphs and nodes. */
export const DocumentIds = z.object({ graphs: z.array(z.int().min(0)), nodes: z.array(z.int().min(0)), nextNode: z.int().min(0), nextGraph: z.int().min(0) })
export type DocumentIds = z.infer<typeof DocumentIds>

const Header = z.object({
  version: z.literal(1),
  modelPath: z.string(),
  /** Of the model that the steps start from. */
  fingerprint: z.string(),
  /** Null where the steps start from the model file itself; else the name of a model in the draft's folder. */
  base: z.string().nullable(),
  /** Null where the ids are those that opening gives. */
  ids: DocumentIds.nullable(),
  /** The engine process that writes. */
  pid: z.number().int(),
  createdAt: z.string(),
})
export type DraftHeader = z.infer<typeof Header>

export const DraftStep = z.discriminatedUnion('kind', [
  /** Paths in the commands are names of files in the draft's folder. */
  z.object({ kind: z.literal('edit'), label: z.string(), commands: z.array(EditCommand) }),
  /** Undo or redo, to so many edits after the journal's beginning. */
  z.object({ kind: z.literal('goTo'), edits: z.number().int().min(0) }),
])
export type DraftStep = z.infer<typeof DraftStep>

export interface Draft {
  readonly documentId: string
  readonly folder: string
  readonly header: DraftHeader
  readonly steps: readonly DraftStep[]
  /** When the last step was written; ISO 8601. */
  readonly savedAt: string
}

const JOURNAL = 'journal.jsonl'

export interface Drafts {
  /** The newest draft of a model that no running engine writes. `isOpen` says which documents this engine has open. */
  find(modelPath: string, isOpen: (documentId: string) => boolean): Draft | null
  /** The draft of one document, or null. A damaged one is set aside and reported. */
  of(documentId: string): Draft | null
  /** Begins a journal, replacing the one the document had. Files in `keep` stay. */
  begin(documentId: string, header: Pick<DraftHeader, 'modelPath' | 'fingerprint' | 'base' | 'ids'>): void
  append(documentId: string, step: DraftStep): void
  /** Makes a draft that of another document, which goes on writing it. */
  takeOver(draft: Draft, documentId: string): void
  /** Keeps a draft that cannot be used under another name, and returns that. */
  setAside(draft: Pick<Draft, 'folder'>): string
  remove(documentId: string): void
  /** A new path in the document's folder. */
  newFile(documentId: string, extension: string): string
  folderOf(documentId: string): string
}

/** Copied nodes, exported tensors and snapshots are kept this long: what reads them has them open by then. */
const SCRATCH_AGE_MS = 7 * 24 * 60 * 60 * 1000

export function openDrafts(root: string): Drafts {
  removeOldFiles(['copied', 'arrays', 'snapshots'].map((name) => join(root, name)))
  const folderOf = (documentId: string) => join(root, documentId)

  function read(documentId: string): Draft | null {
    const folder = folderOf(documentId)
    const path = join(folder, JOURNAL)
    if (!existsSync(path)) return null
    const lines = readFileSync(path, 'utf8').split('\n')
    // What follows the last line break was being written when the process died.
    lines.pop()
    const [first, ...rest] = lines
    const header = parseLine(Header, first)
    const steps = rest.map((line) => parseLine(DraftStep, line))
    if (!header || steps.includes(null)) {
      setAside(folder)
      return null
    }
    return { documentId, folder, header, steps: steps.filter((step) => step !== null), savedAt: statSync(path).mtime.toISOString() }
  }

  function write(documentId: string, header: DraftHeader, steps: readonly DraftStep[]): void {
    const folder = folderOf(documentId)
    const path = join(folder, JOURNAL)
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      writeFileSync(`${path}.tmp`, [header, ...steps].map((line) => `${JSON.stringify(line)}\n`).join(''), { mode: 0o600, flush: true })
      renameSync(`${path}.tmp`, path)
    } catch (error) {
      throw fileError(error, path)
    }
  }

  function setAside(folder: string): string {
    const kept = `${folder}.aside-${new Date().toISOString().replace(/[:.]/g, '-')}`
    renameSync(folder, kept)
    return kept
  }

  return {
    find(modelPath, isOpen) {
      if (!existsSync(root)) return null
      const names = readdirSync(root).filter((name) => /^[0-9a-f-]{36}$/.test(name) && !isOpen(name))
      const found = names.flatMap((name) => read(name) ?? []).filter((draft) => draft.header.modelPath === resolve(modelPath) && !isBeingWritten(draft) && countEdits(draft) > 0)
      return found.toSorted((a, b) => (a.savedAt < b.savedAt ? 1 : -1))[0] ?? null
    },
    of: read,
    begin(documentId, header) {
      write(documentId, { version: 1, ...header, pid: process.pid, createdAt: new Date().toISOString() }, [])
    },
    append(documentId, step) {
      const path = join(folderOf(documentId), JOURNAL)
      try {
        appendFileSync(path, `${JSON.stringify(step)}\n`)
      } catch (error) {
        throw fileError(error, path)
      }
    },
    takeOver(draft, documentId) {
      if (draft.documentId !== documentId) {
        rmSync(folderOf(documentId), { recursive: true, force: true })
        renameSync(draft.folder, folderOf(documentId))
      }
      write(documentId, { ...draft.header, pid: process.pid }, draft.steps)
    },
    setAside: ({ folder }) => setAside(folder),
    remove: (documentId) => rmSync(folderOf(documentId), { recursive: true, force: true }),
    newFile(documentId, extension) {
      const folder = folderOf(documentId)
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      for (let n = 1; ; n++) {
        const path = join(folder, `file-${String(n)}${extension}`)
        if (!existsSync(path)) return path
      }
    },
    folderOf,
  }
}

function removeOldFiles(folders: readonly string[]): void {
  for (const folder of folders.filter((path) => existsSync(path))) {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name)
      if (Date.now() - statSync(path).mtimeMs > SCRATCH_AGE_MS) rmSync(path, { recursive: true, force: true })
    }
  }
}

function parseLine<T extends z.ZodType>(schema: T, line: string | undefined): z.output<T> | null {
  if (line === undefined) return null
  try {
    const parsed = schema.safeParse(JSON.parse(line))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

/** Edits in effect at the end of a draft; a draft onto a copy of its own counts as one more. */
export function countEdits({ header, steps }: Pick<Draft, 'header' | 'steps'>): number {
  const last = steps.reduce((edits, step) => (step.kind === 'edit' ? edits + 1 : step.edits), 0)
  return last + (header.base === null ? 0 : 1)
}

/** Another engine that runs writes it. A process number from before the system started belongs to somebody else now. */
function isBeingWritten({ header, savedAt }: Draft): boolean {
  if (header.pid === process.pid || Date.parse(savedAt) < Date.now() - uptime() * 1000) return false
  try {
    process.kill(header.pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const SAMPLES = 16
const SAMPLE_BYTES = 64 * 1024
/** Up to here a file is read whole. */
const WHOLE_BYTES = 8 * 1024 * 1024

/**
 * Tells files of other content apart without reading gigabytes: a SHA-256 over the whole of a small file; of a large one over its
 * size, when it was written, and evenly spread pieces from the first to the last. Throws AppError not-found, permission-denied.
 */
export function fileFingerprint(path: string): string {
  try {
    const file = openSync(path, 'r')
    try {
      const { size, mtimeMs } = fstatSync(file)
      const isWhole = size <= WHOLE_BYTES
      const hash = createHash('sha256').update(isWhole ? String(size) : `${String(size)} ${String(mtimeMs)}`)
      const pieces = isWhole ? Math.ceil(size / SAMPLE_BYTES) : SAMPLES
      const buffer = Buffer.alloc(SAMPLE_BYTES)
      for (let piece = 0; piece < pieces; piece++) {
        const at = isWhole ? piece * SAMPLE_BYTES : Math.floor((piece * (size - SAMPLE_BYTES)) / (SAMPLES - 1))
        hash.update(buffer.subarray(0, readSync(file, buffer, 0, SAMPLE_BYTES, at)))
      }
      return hash.digest('hex')
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw fileError(error, path)
  }
}

/** What to say where a draft and the model it belongs to have come apart. */
export function staleDraft(kept: string, why: string): AppError {
  return new AppError({ code: 'invalid-data', message: `The unsaved edits no longer fit the model: ${why}`, hint: `They were kept at '${kept}'. The model is open as it is in its file.`, details: { keptAt: kept } })
}
