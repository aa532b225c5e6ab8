/** What is selected in the graph shown, and what the pointer points at. Both are dropped when another graph is shown. */
import { create } from 'zustand'

export type Selection =
  | { readonly kind: 'model' }
  | { readonly kind: 'node'; readonly nodeId: number }
  /** Several nodes at once: a fused kernel, all of one type. Never fewer than two. */
  | { readonly kind: 'nodes'; readonly nodeIds: readonly number[] }
  /** A value that flows from a node, by name. */
  | { readonly kind: 'edge'; readonly name: string }
  /** An initializer, by name. */
  | { readonly kind: 'tensor'; readonly name: string }
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'output'; readonly name: string }

/** What a list entry under the pointer stands for; the canvas outlines it. */
export type Hovered = { readonly kind: 'nodes'; readonly nodeIds: readonly number[] } | { readonly kind: 'value'; readonly name: string }

interface SelectionState {
  readonly selection: Selection
  readonly hovered: Hovered | null
  readonly select: (selection: Selection) => void
  readonly selectNodes: (nodeIds: readonly number[]) => void
  readonly clear: () => void
  readonly hover: (hovered: Hovered | null) => void
}

const MODEL: Selection = { kind: 'model' }

export const useSelectionStore = create<SelectionState>()((set) => ({
  selection: MODEL,
  hovered: null,
  select: (selection) => set({ selection }),
  selectNodes: (nodeIds) => set({ selection: selectionOfNodes(nodeIds) }),
  clear: () => set({ selection: MODEL, hovered: null }),
  hover: (hovered) => set({ hovered }),
}))

export function selectedNodeIds(selection: Selection): readonly number[] {
  if (selection.kind === 'node') return [selection.nodeId]
  return selection.kind === 'nodes' ? selection.nodeIds : []
}

/** Name of the value selected as an edge, tensor, input or output. */
export function selectedValueName(selection: Selection): string | null {
  return 'name' in selection ? selection.name : null
}

function selectionOfNodes(nodeIds: readonly number[]): Selection {
  const [first, ...more] = nodeIds
  if (first === undefined) return MODEL
  return more.length === 0 ? { kind: 'node', nodeId: first } : { kind: 'nodes', nodeIds }
}
