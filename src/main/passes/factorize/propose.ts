/** What the passes that factor layers have in common: which layers, what their inputs are like, and trying forms on each. */
import type { Edit } from '#shared/onnx/document'
import { type MatrixProducts, openMatrixProducts } from '../../runtime/linear-algebra'
import type { PassContext } from '../pass'
import { type ObservedLayer, observeLayer } from './fit'
import { type LinearLayer, linearLayer } from './linear-layer'
import { layerMacs } from './low-rank-forms'
import { patchMoments } from './patch-moments'
import type { Proposal } from './replace-where-better'

/** Wider patches have covariances of gigabytes. */
const WIDEST = 4608

export interface Selection {
  readonly minElements: number
  readonly excludeNodes: readonly string[]
  readonly calibrationSamples: number
  /** Why a layer is not for this pass; null: it is. */
  readonly refusal: (layer: LinearLayer) => string | null
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

function selectLayers(edit: Edit, { minElements, excludeNodes, refusal, context }: Selection): LinearLayer[] {
  return edit.main.nodes.flatMap((node) => {
    if (excludeNodes.includes(node.name)) return []
    const layer = linearLayer(edit.document, edit.main, node, minElements)
    if ('reason' in layer) {
      if (layer.note) context.report({ severity: 'info', code: 'layer-kept', message: `${node.opType} '${node.name}' stays as it is: ${layer.reason}.`, nodeId: node.id, nodeName: node.name })
      return []
    }
    const reason = layer.columns > WIDEST ? `its ${layer.columns} inputs are too many to look at together` : refusal(layer)
    if (reason === null) return [layer]
    if (reason !== '') tellKept(context, layer, reason, {})
    return []
  })
}

function tellKept(context: PassContext, { node }: LinearLayer, note: string, figures: Readonly<Record<string, number>>): void {
  context.reportLayer?.({ nodeId: node.id, nodeName: node.name, opType: node.opType, isChanged: false, note, figures: { ...figures } })
}
