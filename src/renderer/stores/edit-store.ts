/** What editing adds to the open documents: how far each is edited, drafts of earlier runs, and what is being asked of the person. */
import { create } from 'zustand'
import type { Diagnostic } from '#shared/diagnostic'
import type { ErrorData } from '#shared/errors'
import type { DocumentState, DraftInfo } from '#shared/ipc/document-change'

/** Where a node from the palette goes: loose, or onto the way from a value to those that read it. */
export type AddTarget = { readonly kind: 'graph' } | { readonly kind: 'edge'; readonly value: string }

export interface EditField {
  readonly name: string
  readonly label: string
  /** `suggest` takes any text and offers `options`; `select` only these; `lines` is a text of several lines. */
  readonly kind: 'text' | 'lines' | 'suggest' | 'select'
  readonly initial: string
  readonly options?: readonly string[]
  readonly hint?: string
  /** May be left empty. */
  readonly optional?: boolean
}

/** A few questions before an edit. `submit` answers what refused it, or null when it is done. */
export interface EditForm {
  readonly title: string
  readonly text?: string
  readonly submitLabel: string
  readonly fields: readonly EditField[]
  readonly submit: (values: Readonly<Record<string, string>>) => Promise<ErrorData | null>
}

/** Why a model was not saved, and how to save it all the same. */
export interface RefusedSave {
  readonly name: string
  readonly error: ErrorData
  readonly findings: readonly Diagnostic[]
  readonly saveAnyway: () => Promise<void>
}

/** Nodes that were copied: a model file that holds them. */
export interface Clipboard {
  readonly path: string
  readonly nodeCount: number
}

interface EditState {
  /** By document id; a document that was not edited has none. */
  readonly states: Readonly<Record<string, DocumentState>>
  readonly drafts: Readonly<Record<string, DraftInfo>>
  readonly clipboard: Clipboard | null
  readonly adding: AddTarget | null
  readonly form: EditForm | null
  readonly refusedSave: RefusedSave | null
  readonly setState: (documentId: string, state: DocumentState) => void
  readonly setDraft: (documentId: string, draft: DraftInfo | null) => void
  readonly forget: (documentId: string) => void
  readonly setClipboard: (clipboard: Clipboard | null) => void
  readonly setAdding: (adding: AddTarget | null) => void
  readonly setForm: (form: EditForm | null) => void
  readonly setRefusedSave: (refusedSave: RefusedSave | null) => void
}

const UNTOUCHED: DocumentState = { revision: 0, revisions: 0, dirty: false }

export const useEditStore = create<EditState>()((set) => ({
  states: {},
  drafts: {},
  clipboard: null,
  adding: null,
  form: null,
  refusedSave: null,
  setState: (documentId, { revision, revisions, dirty }) => set((state) => ({ states: { ...state.states, [documentId]: { revision, revisions, dirty } } })),
  setDraft: (documentId, draft) => set((state) => ({ drafts: draft === null ? without(state.drafts, documentId) : { ...state.drafts, [documentId]: draft } })),
  forget: (documentId) => set((state) => ({ states: without(state.states, documentId), drafts: without(state.drafts, documentId) })),
  setClipboard: (clipboard) => set({ clipboard }),
  setAdding: (adding) => set({ adding }),
  setForm: (form) => set({ form }),
  setRefusedSave: (refusedSave) => set({ refusedSave }),
}))

/** How far a document is edited. */
export function documentState(state: Pick<EditState, 'states'>, documentId: string | null): DocumentState {
  return (documentId === null ? undefined : state.states[documentId]) ?? UNTOUCHED
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([other]) => other !== key))
}
