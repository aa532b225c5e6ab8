/** Open documents, which of them is shown, and which of its graphs. Loading is `session/`'s work; this only holds. */
import { create } from 'zustand'
import type { OpenDocument } from '#shared/ipc/contract'
import type { ErrorData } from '#shared/errors'
import type { DocumentChange } from '#shared/ipc/document-change'
import type { GraphView } from '#shared/ipc/model-view'
import { withGraphChange } from './graph-change'

/** A file on its way to being a document. */
export interface Opening {
  readonly path: string
  readonly name: string
}

interface SessionData {
  readonly documents: readonly OpenDocument[]
  readonly activeDocumentId: string | null
  /** Graph ids from the main graph to the one shown, by document id. Never empty for an open document. */
  readonly graphPaths: Readonly<Record<string, readonly number[]>>
  /** Loaded graphs, by `graphKey`. */
  readonly graphViews: Readonly<Record<string, GraphView>>
  /** Why a graph could not be loaded, by `graphKey`. */
  readonly graphErrors: Readonly<Record<string, ErrorData>>
  readonly opening: readonly Opening[]
}

interface SessionActions {
  readonly startOpening: (opening: Opening) => void
  readonly stopOpening: (path: string) => void
  /** Adds the document and shows it; one with the same id is replaced, and its graphs are loaded anew. */
  readonly addDocument: (document: OpenDocument) => void
  readonly closeDocument: (documentId: string) => void
  readonly activate: (documentId: string) => void
  /** Brings the summary and the loaded graphs up to date after an edit; graphs that are gone are left. */
  readonly applyChange: (documentId: string, change: DocumentChange) => void
  /** After saving under another name: the document is now that file. */
  readonly renameDocument: (documentId: string, document: Pick<OpenDocument, 'name'> & { readonly path: string }) => void
  readonly putGraph: (documentId: string, view: GraphView) => void
  readonly failGraph: (documentId: string, graphId: number, error: ErrorData) => void
  /** Tries a graph again that could not be loaded. */
  readonly forgetGraphError: (documentId: string, graphId: number) => void
  /** Shows a graph inside the one shown: a branch, a loop body, a function. */
  readonly enterSubgraph: (graphId: number) => void
  /** One level up; at the main graph it does nothing. */
  readonly leaveSubgraph: () => void
  /** Replaces the whole way to the graph shown, for jumps. */
  readonly showGraphPath: (documentId: string, path: readonly number[]) => void
}

export type SessionState = SessionData & SessionActions

export function graphKey(documentId: string, graphId: number): string {
  return `${documentId}/${graphId}`
}

export const useSessionStore = create<SessionState>()((set) => ({
  documents: [],
  activeDocumentId: null,
  graphPaths: {},
  graphViews: {},
  graphErrors: {},
  opening: [],

  startOpening: (opening) => set((state) => ({ opening: [...state.opening.filter((other) => other.path !== opening.path), opening] })),
  stopOpening: (path) => set((state) => ({ opening: state.opening.filter((other) => other.path !== path) })),
  addDocument: (document) => set((state) => withDocument(state, document)),
  closeDocument: (documentId) => set((state) => withoutDocument(state, documentId)),
  activate: (documentId) => set((state) => (state.documents.some((document) => document.documentId === documentId) ? { activeDocumentId: documentId } : {})),
  applyChange: (documentId, change) => set((state) => (hasDocument(state, documentId) ? withChange(state, documentId, change) : {})),
  renameDocument: (documentId, { name, path }) =>
    set((state) => ({
      documents: state.documents.map((document) => (document.documentId === documentId ? { ...document, name, summary: { ...document.summary, path } } : document)),
    })),
  putGraph: (documentId, view) =>
    set((state) => (hasDocument(state, documentId) ? { graphViews: { ...state.graphViews, [graphKey(documentId, view.graphId)]: view } } : {})),
  failGraph: (documentId, graphId, error) =>
    set((state) => (hasDocument(state, documentId) ? { graphErrors: { ...state.graphErrors, [graphKey(documentId, graphId)]: error } } : {})),
  forgetGraphError: (documentId, graphId) => set((state) => ({ graphErrors: omit(state.graphErrors, (key) => key === graphKey(documentId, graphId)) })),
  enterSubgraph: (graphId) =>
    set((state) => {
      const documentId = state.activeDocumentId
      const path = documentId === null ? undefined : state.graphPaths[documentId]
      if (documentId === null || path === undefined || path.at(-1) === graphId) return {}
      return { graphPaths: { ...state.graphPaths, [documentId]: [...path, graphId] } }
    }),
  leaveSubgraph: () =>
    set((state) => {
      const documentId = state.activeDocumentId
      const path = documentId === null ? undefined : state.graphPaths[documentId]
      if (documentId === null || path === undefined || path.length < 2) return {}
      return { graphPaths: { ...state.graphPaths, [documentId]: path.slice(0, -1) } }
    }),
  showGraphPath: (documentId, path) =>
    set((state) => (path.length > 0 && hasDocument(state, documentId) ? { graphPaths: { ...state.graphPaths, [documentId]: path } } : {})),
}))

export function activeDocument(state: SessionData): OpenDocument | null {
  return openDocument(state, state.activeDocumentId)
}

export function openDocument(state: SessionData, documentId: string | null): OpenDocument | null {
  return state.documents.find((document) => document.documentId === documentId) ?? null
}

/** Id of the graph shown; null where no document is open. */
export function activeGraphId(state: SessionData): number | null {
  return graphIdOf(state, state.activeDocumentId)
}

/** Id of the graph that a document shows, or would show in front. */
export function graphIdOf(state: SessionData, documentId: string | null): number | null {
  return documentId === null ? null : (state.graphPaths[documentId]?.at(-1) ?? null)
}

/** The graph shown; null while it is being loaded and where nothing is open. */
export function activeGraph(state: SessionData): GraphView | null {
  return graphOf(state, state.activeDocumentId)
}

/** The same for any open document. */
export function graphOf(state: SessionData, documentId: string | null): GraphView | null {
  const graphId = graphIdOf(state, documentId)
  if (documentId === null || graphId === null) return null
  return state.graphViews[graphKey(documentId, graphId)] ?? null
}

function hasDocument(state: SessionData, documentId: string): boolean {
  return state.documents.some((document) => document.documentId === documentId)
}

function withDocument(state: SessionData, document: OpenDocument): Partial<SessionData> {
  const known = hasDocument(state, document.documentId)
  const ofDocument = (key: string) => key.startsWith(`${document.documentId}/`)
  return {
    documents: known
      ? state.documents.map((other) => (other.documentId === document.documentId ? document : other))
      : [...state.documents, document],
    activeDocumentId: document.documentId,
    graphPaths: { ...state.graphPaths, [document.documentId]: [document.mainGraphId] },
    graphViews: omit(state.graphViews, ofDocument),
    graphErrors: omit(state.graphErrors, ofDocument),
  }
}

function withChange(state: SessionData, documentId: string, change: DocumentChange): Partial<SessionData> {
  const removed = new Set(change.removedGraphs)
  const graphViews = omit(state.graphViews, (key) => removed.has(Number(key.slice(documentId.length + 1))) && key.startsWith(`${documentId}/`))
  for (const graph of change.graphs) {
    const key = graphKey(documentId, graph.graphId)
    const view = graphViews[key]
    if (view !== undefined) graphViews[key] = withGraphChange(view, graph)
  }
  const path = state.graphPaths[documentId] ?? []
  const gone = path.findIndex((graphId) => removed.has(graphId))
  return {
    documents: state.documents.map((document) => (document.documentId === documentId ? { ...document, summary: change.summary } : document)),
    graphViews,
    ...(gone > 0 && { graphPaths: { ...state.graphPaths, [documentId]: path.slice(0, gone) } }),
  }
}

function withoutDocument(state: SessionData, documentId: string): Partial<SessionData> {
  const index = state.documents.findIndex((document) => document.documentId === documentId)
  if (index < 0) return {}
  const documents = state.documents.filter((document) => document.documentId !== documentId)
  // The neighbour takes its place, as tabs do everywhere.
  const neighbour = documents[Math.min(index, documents.length - 1)]
  const ofDocument = (key: string) => key.startsWith(`${documentId}/`)
  return {
    documents,
    activeDocumentId: state.activeDocumentId === documentId ? (neighbour?.documentId ?? null) : state.activeDocumentId,
    graphPaths: omit(state.graphPaths, (key) => key === documentId),
    graphViews: omit(state.graphViews, ofDocument),
    graphErrors: omit(state.graphErrors, ofDocument),
  }
}

function omit<T>(record: Readonly<Record<string, T>>, drop: (key: string) => boolean): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !drop(key)))
}
