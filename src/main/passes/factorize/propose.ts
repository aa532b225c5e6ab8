/** What the passes that factor layers have in common: which layers, what their inputs are like, and trying forms on each. */
import type { Edit, ModelDocument } from '#shared/onnx/document'
import type { Graph, Node } from '#shared/onnx/records'
import { type MatrixProducts, openMatrixProducts } from '../../runtime/linear-algebra'
import type { Candidates, PassContext } from '../pass'
import { type ObservedLayer, observeLayer } from './fit'
import { type LinearLayer, linearLayer } from './linear-layer'
import { layerMacs } from './low-rank-forms'
import { patchMoments } from './patch-moments'
import type { Proposal } from './replace-where-better'

/** Wider patches have covariances of gigabytes. */
const WIDEST = 4608

export interface Choosing {
  readonly minElements: number
  readonly excludeNodes: readonly string[]
  /** Why a layer is not for this pass; null: it is. Empty where nobody would expect it to be. */
  readonly refusal: (layer: LinearLayer) => string | null
}

export interface Selection extends Choosing {
  readonly calibrationSamples: number
  readonly context: PassContext
}

/** A proposal, or why there is none. */
export type Outcome = Pick<Proposal, 'candidate' | 'figures'> | { readonly reason: string; readonly figures: Readonly<Record<string, number>> }

/** Tries `propose` on each layer, and tells of those it finds nothing for. */
export async function proposeLayers(edit: Edit, selection: Selection, propose: (observed: ObservedLayer, products: MatrixProducts) => Promise<Outcome>): Promise<Proposal[]> {
  const { context } = selection
  const layers = selectLayers(edit, selection)
  if (layers.length === 0) return []
  const products = await openMatrixProducts(context.runner)
  try {
    const found: Proposal[] = []
    let done = 0
    for await (const round of patchMoments(edit, layers, { context, products, maxSamples: selection.calibrationSamples, maxProductColumns: WIDEST })) {
      for (const [id, moments] of round) {
        context.signal.throwIfAborted()
        const layer = layers.find(({ node }) => node.id === id)
        if (!layer) throw new Error('internal: moments of an unknown layer')
        context.progress('factoring', done++ / layers.length, layer.node.name)
        const observed = await observeLayer(layer, moments, products)
        if (!observed) {
          tellKept(context, layer, 'its output is the same in all samples', {})
          continue
        }
        const outcome = await propose(observed, products)
        if ('reason' in outcome) tellKept(context, layer, outcome.reason, outcome.figures)
        else found.push({ layer, ...outcome, macs: layerMacs(observed), inputDims: observed.inputDims })
      }
    }
    return found
  } finally {
    await products.close()
  }
}

function selectLayers(edit: Edit, selection: Selection): LinearLayer[] {
  const { context } = selection
  return edit.main.nodes.flatMap((node) => {
    const found = layerFor(edit.document, edit.main, node, selection)
    if (found === null) return []
    if (!('reason' in found)) return [found]
    if (found.layer) tellKept(context, found.layer, found.reason, {})
    else context.report({ severity: 'info', code: 'layer-kept', message: `${node.opType} '${node.name}' stays as it is: ${found.reason}.`, nodeId: node.id, nodeName: node.name })
    return []
  })
}

/** Layers that forms would be tried on, and those that stay whatever samples show. */
export function factorCandidates(document: ModelDocument, choosing: Choosing): Candidates {
  const { graph } = document.model
  const found = graph.nodes.flatMap((node) => layerFor(document, graph, node, choosing) ?? [])
  const layers = found.filter((entry) => !('reason' in entry))
  return {
    candidates: layers.map(({ node }) => ({ layers: [node], nodes: [node] })),
    kept: found.filter((entry) => 'reason' in entry).map(({ node, reason }) => ({ node, reason })),
  }
}

interface Kept {
  readonly node: Node
  readonly reason: string
  /** Null where it is none that could be written as a matrix. */
  readonly layer: LinearLayer | null
}

/** The layer that a node is, or why it stays; null for what nobody would expect to change. */
function layerFor(document: ModelDocument, graph: Graph, node: Node, { minElements, excludeNodes, refusal }: Choosing): LinearLayer | Kept | null {
  if (excludeNodes.includes(node.name)) return null
  const layer = linearLayer(document, graph, node, minElements)
  if ('reason' in layer) return layer.note ? { node, reason: layer.reason, layer: null } : null
  const reason = layer.columns > WIDEST ? `its ${layer.columns} inputs are too many to look at together` : refusal(layer)
  if (reason === null) return layer
  return reason === '' ? null : { node, reason, layer }
}

function tellKept(context: PassContext, { node }: LinearLayer, note: string, figures: Readonly<Record<string, number>>): void {
  context.reportLayer?.({ nodeId: node.id, nodeName: node.name, opType: node.opType, isChanged: false, note, figures: { ...figures } })
}
