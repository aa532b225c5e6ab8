/** The recipe under edit and the data of the Quantize panel, by source model; and what running jobs tell of single layers. */
import { create } from 'zustand'
import type { EventPayload } from '#shared/ipc/contract'
import type { LayerQuality } from '#shared/measurement'
import type { DataChoice } from '../optimize/data-choice'
import type { RecipeDraft } from '../optimize/recipe-draft'

export interface ChosenPhone {
  readonly serial: string
  /** As it was called when it was chosen: it may be away since. */
  readonly name: string
}

interface QuantizeState {
  readonly drafts: Readonly<Record<string, RecipeDraft>>
  readonly data: Readonly<Record<string, DataChoice>>
  /** The phone that a model is quantized for; none for a computer or a provider. */
  readonly phones: Readonly<Record<string, ChosenPhone | null>>
  /** By job, then by node: the latest figure. */
  readonly layers: Readonly<Record<string, ReadonlyMap<number, LayerQuality>>>
  readonly setDraft: (modelPath: string, draft: RecipeDraft) => void
  readonly setPhone: (modelPath: string, phone: ChosenPhone | null) => void
  readonly setData: (modelPath: string, data: DataChoice) => void
  readonly receive: (event: EventPayload<'job'>) => void
}

export const useQuantizeStore = create<QuantizeState>()((set) => ({
  drafts: {},
  data: {},
  phones: {},
  layers: {},
  setDraft: (modelPath, draft) => set(({ drafts }) => ({ drafts: { ...drafts, [modelPath]: draft } })),
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
