/** An edited document written to a file of its own, for jobs: they read files. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { RequestResult } from '#shared/ipc/contract'
import { idsPath, writeIds } from '../runtime/document-ids'
import { saveModelFile } from '../runtime/model-file'
import type { Drafts } from '../workspace/drafts'
import { linkOrCopy } from '../workspace/link-or-copy'
import { scratchFolder } from './extract-part'
import type { OpenModel } from './open-model'

/** Names of classes, alphabets, tokenizers: what is looked for beside a model. */
const BESIDE_MODELS = /\.(json|txt)$/i
const MOST_BESIDE_BYTES = 32 * 1024 * 1024

/**
 * The file that holds the document as it is: its own where nothing is unsaved, else one in a folder named for the document and what it
 * looks like, so that a second job on the same edits finds it. With the next state of the document it goes. Without `write` only
 * what is there already is given, and the document's own file where there is nothing.
 */
export function snapshotOf(model: OpenModel, drafts: Drafts | null, { write }: { readonly write: boolean }): Promise<RequestResult<'document.snapshot'>> {
  return model.whenIdle(async () => {
    const { dirty, revision } = model.state
    if (!dirty) return { path: model.path, revision: null }
    const root = scratchFolder(drafts, 'snapshots')
    const mark = createHash('sha256').update(`${JSON.stringify(model.describeHistory().entries)} ${revision}`).digest('hex').slice(0, 12)
    const folder = join(root, `${model.documentId}-${mark}`)
    const path = join(folder, basename(model.path))
    // Written last.
    if (existsSync(idsPath(path))) return { path, revision }
    if (!write) return { path: model.path, revision: null }
    removeFrom(root, model.documentId)
    mkdirSync(folder, { mode: 0o700 })
    bringCompanions(dirname(model.path), folder)
    await saveModelFile(model.document.model, path)
    writeIds(model.document, path)
    return { path, revision }
  })
}

/** For a document that is closed. */
export function removeSnapshots(documentId: string, drafts: Drafts | null): void {
  if (drafts) removeFrom(drafts.folderOf('snapshots'), documentId)
}

function removeFrom(root: string, documentId: string): void {
  for (const name of existsSync(root) ? readdirSync(root) : []) {
    if (name.startsWith(`${documentId}-`)) rmSync(join(root, name), { recursive: true, force: true })
  }
}

function bringCompanions(from: string, to: string): void {
  for (const entry of existsSync(from) ? readdirSync(from, { withFileTypes: true }) : []) {
    const path = join(from, entry.name)
    if (entry.isFile() && BESIDE_MODELS.test(entry.name) && statSync(path).size <= MOST_BESIDE_BYTES) linkOrCopy(path, join(to, entry.name))
  }
}
