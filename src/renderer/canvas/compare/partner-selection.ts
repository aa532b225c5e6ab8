import type { ComparedPair } from '../../stores/compare-store'
import { selectedNodeIds, type Selection } from '../../stores/selection-store'
import { graphOf, useSessionStore } from '../../stores/session-store'
import { graphLookup } from '../../session/graph-lookup'
import type { CompareIndex, Side } from './compare-index'

/**
 * What in one model belongs to a selection made in the other (`from`): the nodes paired with its nodes, the value its node makes, the input, output or
 * tensor of the same name. Nothing selected where nothing belongs to it.
 */
export function partnerSelection(selection: Selection, pair: ComparedPair, { from, index }: { readonly from: Side; readonly index: CompareIndex }): Selection {
  const state = useSessionStore.getState()
  const [here, there] = [graphOf(state, pair[from]), graphOf(state, pair[from === 'a' ? 'b' : 'a'])]
  if (here === null || there === null) return { kind: 'model' }
  switch (selection.kind) {
    case 'model':
      return selection
    case 'node':
    case 'nodes': {
      const known = graphLookup(there).nodes
      const nodeIds = [...new Set(selectedNodeIds(selection).flatMap((id) => index.partners[from].get(id) ?? []))].filter((id) => known.has(id))
      const [first] = nodeIds
      if (first === undefined) return { kind: 'model' }
      // What belongs to one node is first of all its mate.
      return nodeIds.length === 1 || selection.kind === 'node' ? { kind: 'node', nodeId: first } : { kind: 'nodes', nodeIds }
    }
    case 'input':
      return there.inputs.some(({ name }) => name === selection.name) ? selection : { kind: 'model' }
    case 'output':
      return there.outputs.some(({ name }) => name === selection.name) ? selection : { kind: 'model' }
    case 'tensor':
      return there.initializers.some(({ name }) => name === selection.name) ? selection : { kind: 'model' }
    case 'edge': {
      const maker = graphLookup(here).producers.get(selection.name)
      if (maker === undefined) return there.inputs.some(({ name }) => name === selection.name) ? selection : { kind: 'model' }
      const [partner] = index.partners[from].get(maker.id) ?? []
      const name = partner === undefined ? undefined : graphLookup(there).nodes.get(partner)?.outputs[maker.outputs.indexOf(selection.name)]
      return name === undefined || name === '' ? { kind: 'model' } : { kind: 'edge', name }
    }
  }
}
