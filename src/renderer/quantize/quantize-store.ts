/** The recipe under edit, the data and the runs of the Quantize panel, by source model; and what running jobs tell of single layers. */
import { create } from 'zustand'
import type { EventPayload } from '#shared/ipc/contract'
import type { LayerQuality } from '#shared/measurement'
import type { DataChoice } from '../optimize/data-choice'
import type { RecipeDraft } from '../optimize/recipe-draft'
import type { Shelf } from './quantize-choice'

export interface ChosenPhone {
  readonly serial: string
  /** As it was called when it was chosen: it may be away since. */
  readonly name: string
}

interface QuantizeState {
  readonly drafts: Readonly<Record<string, RecipeDraft>>
  /** What was set up for other precisions, to be there on the way back. */
  readonly shelves: Readonly<Record<string, Shelf>>
  /** Jobs that were started here: other panels optimize the same model too. */
  readonly runs: Readonly<Record<string, readonly string[]>>
  readonly data: Readonly<Record<string, DataChoice>>
  /** The phone that a model is quantized for; none for a computer or a provider. */
  readonly phones: Readonly<Record<string, ChosenPhone | null>>
  /** By job, then by node: the latest figure. */
  readonly layers: Readonly<Record<string, ReadonlyMap<number, LayerQuality>>>
  readonly setDraft: (modelPath: string, draft: RecipeDraft) => void
  readonly setShelf: (modelPath: string, shelf: Shelf) => void
  readonly addRun: (modelPath: string, jobId: string) => void
  readonly setPhone: (modelPath: string, phone: ChosenPhone | null) => void
  readonly setData: (modelPath: string, data: DataChoice) => void
  readonly receive: (event: EventPayload<'job'>) => void
}

export const useQuantizeStore = create<QuantizeState>()((set) => ({
  drafts: {},
  shelves: {},
  runs: {},
  data: {},
  phones: {},
  layers: {},
  setDraft: (modelPath, draft) => set(({ drafts }) => ({ drafts: { ...drafts, [modelPath]: draft } })),
  setShelf: (modelPath, shelf) => set(({ shelves }) => ({ shelves: { ...shelves, [modelPath]: shelf } })),
  addRun: (modelPath, jobId) => set(({ runs }) => ({ runs: { ...runs, [modelPath]: [...(runs[modelPath] ?? []), jobId] } })),
  setPhone: (modelPath, phone) => set(({ phones }) => ({ phones: { ...phones, [modelPath]: phone } })),
  setData: (modelPath, data) => set((state) => ({ data: { ...state.data, [modelPath]: data } })),
  receive: (event) => {
    if (event.type !== 'progress' || event.progress.layers === undefined) return
    const measured = event.progress.layers
    set(({ layers }) => {
      const known = new Map(layers[event.jobId])
      for (const layer of measured) known.set(layer.nodeId, layer)
      return { layers: { ...layers, [event.jobId]: known } }
    })
  },
}))
