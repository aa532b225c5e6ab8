/** One open model: its file, its document and what was told of it, its edits and their draft. */
import { copyFileSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { randomBytes } from 'node:crypto'
import type { Diagnostic } from '#shared/diagnostic'
import { AppError } from '#shared/errors'
import type { DocumentChange, DocumentHistory, DocumentState } from '#shared/ipc/document-change'
import type { EditCommand } from '#shared/ipc/edit-commands'
import type { GraphView, ModelSummary } from '#shared/ipc/model-view'
import { checkModel } from '#shared/onnx/check/check-model'
import { ModelDocument, type Transaction } from '#shared/onnx/document'
import { applyEdits } from '#shared/onnx/edit/apply-edit'
import { filesNamedIn, withFiles } from '#shared/onnx/edit/command-files'
import { editLabel } from '#shared/onnx/edit/edit-label'
import { inferTypes, type TypeTable } from '#shared/onnx/infer/infer-types'
import type { Graph } from '#shared/onnx/records'
import { graphChange, type GraphSnapshot, showGraph } from '#shared/onnx/view/graph-changes'
import { summarizeModel } from '#shared/onnx/view/summarize-model'
import { type ModelFile, openModelFile, saveModelFile, type SavedModel } from '../runtime/model-file'
import { type Draft, type Drafts, fileFingerprint, staleDraft } from '../workspace/drafts'
import { idsOf, putIds } from '../runtime/document-ids'
import { openEditFiles } from './edit-files'
import { EditHistory } from './edit-history'
import type { LoadCheck } from './load-check'

export interface OpenModelOptions {
  readonly documentId: string
  readonly path: string
  /** Null where edits are not kept: on the command line. */
  readonly drafts: Drafts | null
  /** Null where saving is checked by the rules alone. */
  readonly loadCheck: LoadCheck | null
}

export class OpenModel {
  readonly documentId: string
  readonly document: ModelDocument
  readonly #history: EditHistory
  readonly #drafts: Drafts | null
  readonly #loadCheck: LoadCheck | null
  readonly #files: ModelFile[]
  readonly #views = new Map<number, GraphSnapshot>()
  #types: TypeTable
  #path: string
  #sizeBytes: number
  #fingerprint: string | null
  /** The revision that the journal's first step starts from; null before it is begun. */
  #journalBase: number | null = null
  /** A step could not be written: what follows it would be replayed wrongly, so the journal ends before it. */
  #journalEnded = false
  /** Requests that change the document, or need it to stand still, one after the other. */
  #queue: Promise<unknown> = Promise.resolve()

  /** `file` is taken over, and closed with the model. Its ids are those the document is to have. */
  private constructor(file: ModelFile, { documentId, path, drafts, loadCheck }: OpenModelOptions, document: ModelDocument) {
    this.documentId = documentId
    this.document = document
    this.#types = inferTypes(document)
    this.#history = new EditHistory(document)
    this.#drafts = drafts
    this.#loadCheck = loadCheck
    this.#files = [file]
    this.#path = resolve(path)
    this.#sizeBytes = file.sizeBytes
    this.#fingerprint = drafts ? fileFingerprint(this.#path) : null
  }

  /** Opens the model as it is in its file. Throws as `openModelFile` does. */
  static open(options: OpenModelOptions): OpenModel {
    const file = openModelFile(options.path)
    try {
      return new OpenModel(file, options, new ModelDocument(file.model))
    } catch (error) {
      file.close()
      throw error
    }
  }

  /**
   * Opens the model and makes the edits of a draft again; the draft goes on as this document's. Where that fails the draft is kept
   * aside and AppError `invalid-data` says why.
   */
  static async restore(options: OpenModelOptions & { readonly drafts: Drafts }, draft: Draft): Promise<OpenModel> {
    const { drafts, documentId } = options
    // First of all: what is opened in the folder must not have it moved away under it.
    drafts.takeOver(draft, documentId)
    const own = { ...draft, documentId, folder: drafts.folderOf(documentId) }
    const basePath = own.header.base === null ? options.path : join(own.folder, own.header.base)
    let file: ModelFile | null = null
    let model: OpenModel | null = null
    try {
      if (own.header.base === null && fileFingerprint(options.path) !== own.header.fingerprint) throw new AppError({ code: 'changed-on-disk', message: 'the file was changed since.' })
      file = openModelFile(basePath)
      const { ids } = own.header
      if (ids && !putIds(file.model, ids)) throw new AppError({ code: 'changed-on-disk', message: 'the file has other nodes than the edits were made on.' })
      model = new OpenModel(file, options, new ModelDocument(file.model, ids ? { node: ids.nextNode, graph: ids.nextGraph } : undefined))
      await model.#replay(own)
      model.#journalBase = 0
      return model
    } catch (error) {
      const kept = drafts.setAside(own)
      if (model) model.release()
      else file?.close()
      throw error instanceof AppError ? staleDraft(kept, error.message) : error
    }
  }

  async #replay({ folder, header, steps }: Draft): Promise<void> {
    if (header.base !== null) this.#history.markUnsaved()
    for (const step of steps) {
      if (step.kind === 'goTo') this.#history.goTo(step.edits)
      else await this.#apply(step.label, withFiles(step.commands, (name) => join(folder, basename(name))), null)
    }
    this.#types = inferTypes(this.document)
  }

  get path(): string {
    return this.#path
  }

  get types(): TypeTable {
    return this.#types
  }

  get state(): DocumentState {
    return this.#history.state()
  }

  describeHistory(): DocumentHistory {
    return this.#history.describe()
  }

  summary(): ModelSummary {
    const { document } = this
    return summarizeModel({ document, path: this.#path, sizeBytes: this.#sizeBytes, diagnostics: this.#diagnostics(), types: this.#types })
  }

  #diagnostics(): Diagnostic[] {
    const [file] = this.#files
    return [...(file?.diagnostics ?? []), ...checkModel(this.document, this.#types), ...this.#types.diagnostics]
  }

  /** The whole of a graph; later changes of it are told by {@link edit} and the like. */
  showGraph(graph: Graph): GraphView {
    const { view, snapshot } = showGraph({ document: this.document, graph, types: this.#types })
    this.#views.set(graph.id, snapshot)
    return view
  }

  edit(label: string | undefined, commands: readonly EditCommand[]): Promise<DocumentChange> {
    return this.#inTurn(async () => {
      const kept = await this.#keepFiles(commands)
      const { transaction, notes } = await this.#apply(label ?? editLabel(commands), kept.commands, this.#types)
      const warnings = transaction.changes.length === 0 ? [] : await this.#journal(() => this.#writeEdit(transaction.label, kept.inDraft))
      return this.#change([...notes, ...warnings], transaction)
    })
  }

  goTo(target: (revision: number) => number): Promise<DocumentChange> {
    return this.#inTurn(async () => {
      this.#history.goTo(target(this.#history.revision))
      const { revision } = this.#history
      const base = this.#journalBase
      const warnings = await this.#journal(async () => {
        if (base !== null && revision < base) await this.#beginOnCopy()
        else if (base !== null) this.#drafts?.append(this.documentId, { kind: 'goTo', edits: revision - base })
      })
      return this.#change(warnings, null)
    })
  }

  async #apply(label: string, commands: readonly EditCommand[], types: TypeTable | null): Promise<{ transaction: Transaction; notes: Diagnostic[] }> {
    const files = await openEditFiles(commands)
    let notes: Diagnostic[] = []
    try {
      const transaction = await this.document.transact(label, async (edit) => {
        notes = await applyEdits(edit, commands, { files, ...(types && { types }) })
      })
      this.#files.push(...files.opened)
      if (transaction.changes.length > 0) this.#history.push(transaction)
      return { transaction, notes }
    } catch (error) {
      for (const file of files.opened) file.close()
      throw error
    }
  }

  #change(notes: Diagnostic[], transaction: Transaction | null): DocumentChange {
    this.#types = inferTypes(this.document)
    const graphs = new Map(this.document.graphs().map((graph) => [graph.id, graph]))
    const removedGraphs = [...this.#views.keys()].filter((id) => !graphs.has(id))
    for (const id of removedGraphs) this.#views.delete(id)
    const changes = [...this.#views].flatMap(([id, before]) => {
      const graph = graphs.get(id)
      if (!graph) return []
      const { change, snapshot } = graphChange(before, { document: this.document, graph, types: this.#types })
      this.#views.set(id, snapshot)
      return change ?? []
    })
    return { ...this.state, graphs: changes, removedGraphs, summary: this.summary(), notes, addedNodes: addedNodes(transaction, this.document) }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work)
    this.#queue = done.catch(() => undefined)
    return done
  }

  /** Copies of the files that commands name, in the draft: by then the originals may be gone. */
  async #keepFiles(commands: readonly EditCommand[]): Promise<{ commands: readonly EditCommand[]; inDraft: readonly EditCommand[] }> {
    const drafts = this.#drafts
    const named = filesNamedIn(commands)
    if (!drafts || named.models.length + named.arrays.length === 0) return { commands, inDraft: commands }
    const copies = new Map<string, string>()
    for (const path of named.models) {
      const copy = drafts.newFile(this.documentId, '.onnx')
      const file = openModelFile(path)
      try {
        await saveModelFile(file.model, copy)
      } finally {
        file.close()
      }
      copies.set(path, copy)
    }
    for (const path of named.arrays) {
      const copy = drafts.newFile(this.documentId, '.npy')
      // Opened first, so that a missing file is told in the words of the reader of arrays.
      await openEditFiles([{ kind: 'addInitializer', name: 'array', tensor: { npy: path } }])
      copyFileSync(path, copy)
      copies.set(path, copy)
    }
    const copied = (path: string) => copies.get(path) ?? path
    return { commands: withFiles(commands, copied), inDraft: withFiles(commands, (path) => basename(copied(path))) }
  }

  #writeEdit(label: string, commands: readonly EditCommand[]): void {
    const drafts = this.#drafts
    if (!drafts || this.#fingerprint === null) return
    if (this.#journalBase === null) {
      drafts.begin(this.documentId, { modelPath: this.#path, fingerprint: this.#fingerprint, base: null, ids: null })
      this.#journalBase = 0
    }
    drafts.append(this.documentId, { kind: 'edit', label, commands: [...commands] })
  }

  /** An edit that is made but cannot be kept is told of, not taken back. */
  async #journal(write: () => void | Promise<void>): Promise<Diagnostic[]> {
    if (this.#journalEnded) return []
    try {
      await write()
      return []
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      this.#journalEnded = true
      return [{ severity: 'warning', code: 'draft-not-kept', message: `Edits from this one on would not survive a crash: ${error.message}`, hint: 'Save the model soon.' }]
    }
  }

  /** What was undone is older than the journal's beginning: the draft starts from a copy of the model as it is now. */
  async #beginOnCopy(): Promise<void> {
    const drafts = this.#drafts
    if (!drafts || this.#fingerprint === null) return
    const path = drafts.newFile(this.documentId, '.onnx')
    await saveModelFile(this.document.model, path)
    drafts.begin(this.documentId, { modelPath: this.#path, fingerprint: this.#fingerprint, base: basename(path), ids: idsOf(this.document) })
    this.#journalBase = this.#history.revision
  }

  /**
   * Writes the document; from then on it is that file. An edited one is checked first, unless `force` says to save it anyway.
   * Throws AppError `invalid-model` with what is wrong in `details.diagnostics`, and as `saveModelFile` does.
   */
  save(path: string, { force }: { readonly force: boolean }): Promise<SavedModel & DocumentState> {
    return this.#inTurn(async () => {
      const target = resolve(path)
      if (!force && this.#history.state().revisions > 0) await this.#requireSound(target)
      const saved = await saveModelFile(this.document.model, target)
      this.#history.markSaved()
      this.#path = saved.path
      this.#sizeBytes = saved.sizeBytes
      if (this.#drafts) this.#rebaseDraft(this.#drafts)
      return { ...saved, ...this.state }
    })
  }

  #rebaseDraft(drafts: Drafts): void {
    this.#fingerprint = fileFingerprint(this.#path)
    if (this.#history.state().revisions === 0) return
    this.#journalEnded = false
    drafts.begin(this.documentId, { modelPath: this.#path, fingerprint: this.#fingerprint, base: null, ids: idsOf(this.document) })
    this.#journalBase = this.#history.revision
  }

  async #requireSound(target: string): Promise<void> {
    const wrong = this.#diagnostics().filter(({ severity }) => severity === 'error')
    const refuse = (message: string, details: Record<string, unknown>) =>
      new AppError({ code: 'invalid-model', message, hint: 'The file was not written; your edits are kept. Mend the model, or save it anyway.', details })
    if (wrong.length > 0) {
      const more = wrong.length > 1 ? ` (and ${wrong.length - 1} more)` : ''
      throw refuse(`The model is not valid: ${wrong[0]?.message ?? ''}${more}`, { diagnostics: wrong })
    }
    if (!this.#loadCheck) return
    try {
      await this.#tryLoading(this.#loadCheck, target)
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'runtime-rejected') throw error
      const diagnostic: Diagnostic = { severity: 'error', code: 'runtime-rejected', message: error.message, ...(error.hint !== undefined && { hint: error.hint }) }
      throw refuse(error.message, { diagnostics: [diagnostic], reason: error.details?.['reason'] })
    }
  }

  /** Throws as {@link save} does where an edited model is not valid; writes nothing. */
  checkSound(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#history.state().revisions > 0) await this.#requireSound(this.#path)
    })
  }

  /** Beside the target, where external data is found under its own name. */
  async #tryLoading(check: LoadCheck, target: string): Promise<void> {
    const name = `.${basename(target).slice(0, 100)}.${randomBytes(6).toString('hex')}.check.onnx`
    const trial = join(dirname(target), name)
    let written: readonly string[] = [trial]
    try {
      const saved = await saveModelFile(this.document.model, trial)
      written = [trial, ...saved.externalFiles.filter((file) => basename(file).startsWith(name))]
      await check(trial)
    } finally {
      for (const file of written) rmSync(file, { force: true })
    }
  }

  /** Waits until no edit is under way. */
  whenIdle<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(work)
  }

  /** Closes the files, and leaves the draft to whoever has it now. */
  release(): void {
    for (const file of this.#files) file.close()
  }

  /** Unsaved edits stay in the draft, to be offered again, unless they are to be discarded. */
  close(draft: 'keep' | 'discard'): void {
    this.release()
    if (this.#drafts && (draft === 'discard' || !this.state.dirty)) this.#drafts.remove(this.documentId)
  }
}

function addedNodes(transaction: Transaction | null, document: ModelDocument): DocumentChange['addedNodes'] {
  const added = new Map<number, number>()
  for (const change of transaction?.changes ?? []) {
    if (change.kind === 'node' && !change.before && change.after) added.set(change.after.id, change.graph.id)
  }
  const graphs = new Map(document.graphs().map((graph) => [graph.id, graph]))
  return [...added].flatMap(([nodeId, graphId]) => {
    const graph = graphs.get(graphId)
    return graph && document.index(graph).nodes.has(nodeId) ? [{ graphId, nodeId }] : []
  })
}
