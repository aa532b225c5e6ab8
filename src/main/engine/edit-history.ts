import { AppError } from '#shared/errors'
import type { DocumentHistory, DocumentState } from '#shared/ipc/document-change'
import type { ModelDocument, Transaction } from '#shared/onnx/document'

interface Entry {
  readonly transaction: Transaction
  /** ISO 8601. */
  readonly at: string
}

/** The edits of a document in order, those taken back included until a new edit replaces them. */
export class EditHistory {
  readonly #document: ModelDocument
  #entries: Entry[] = []
  #revision = 0
  #savedRevision: number | null = 0

  constructor(document: ModelDocument) {
    this.#document = document
  }

  get revision(): number {
    return this.#revision
  }

  get savedRevision(): number | null {
    return this.#savedRevision
  }

  /** Notes an edit that has just been made. */
  push(transaction: Transaction): void {
    if (this.#savedRevision !== null && this.#savedRevision > this.#revision) this.#savedRevision = null
    this.#entries = [...this.#entries.slice(0, this.#revision), { transaction, at: new Date().toISOString() }]
    this.#revision++
  }

  /** Undoes or redoes until `revision` is in effect. Throws AppError `bad-usage` where there is none such. */
  goTo(revision: number): void {
    if (revision < 0 || revision > this.#entries.length) throw new AppError({ code: 'bad-usage', message: revision < 0 ? 'There is nothing to undo.' : 'There is nothing to redo.' })
    while (this.#revision > revision) {
      const entry = this.#entries[this.#revision - 1]
      if (entry) this.#document.undo(entry.transaction)
      this.#revision--
    }
    while (this.#revision < revision) {
      const entry = this.#entries[this.#revision]
      if (entry) this.#document.redo(entry.transaction)
      this.#revision++
    }
  }

  markSaved(): void {
    this.#savedRevision = this.#revision
  }

  /** The model as opened is no longer what is in the file: a draft was restored onto a copy. */
  markUnsaved(): void {
    this.#savedRevision = null
  }

  state(): DocumentState {
    return { revision: this.#revision, revisions: this.#entries.length, dirty: this.#revision !== this.#savedRevision }
  }

  describe(): DocumentHistory {
    const entries = this.#entries.map(({ transaction, at }, index) => ({ revision: index + 1, label: transaction.label, at }))
    return { ...this.state(), savedRevision: this.#savedRevision, entries }
  }
}
