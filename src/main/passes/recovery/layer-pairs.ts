/** Neighbouring layers between which channels can be scaled: where they are, and what values they take between. */
import { intsAttribute, stringAttribute } from '#shared/onnx/attributes'
import type { Graph, Node } from '#shared/onnx/records'
import { constantTensor, isReadable } from '../constants'
import type { ReadonlyDocument } from '../pass'
import { floatValues } from '../weight-store'
import { type Layer, layerOf } from './layer-weights'
import { observe, type Observer, widenByChannel } from './observe'
import { snapshotModel } from './snapshot-model'

/** What a positive factor on a channel passes through unchanged. */
const HOMOGENEOUS = new Set(['Relu', 'LeakyRelu', 'PRelu', 'MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool'])

export interface LayerPair {
  readonly first: Layer
  readonly second: Layer & { readonly inputs: NonNullable<Layer['inputs']> }
  /** The upper bound of a Clip between them. */
  readonly bound: number | null
  /** Whether exactly one Relu or Clip is between them, and the second layer pads nothing: only then a constant can be moved on. */
  readonly canAbsorb: boolean
}

/** Smallest and largest value of each channel before the activation. */
export interface ChannelRange {
  readonly min: Float64Array
  readonly max: Float64Array
}

export function findLayerPairs(document: ReadonlyDocument, graph: Graph): LayerPair[] {
  return graph.nodes.flatMap((node) => {
    const first = layerOf(document, graph, node)
    const between = first && nextLayer(document, graph, node)
    const second = between && layerOf(document, graph, between.next)
    const inputs = second?.inputs
    if (!first || !between || !second || !inputs || inputs.count !== first.outputs.count) return []
    const [activation] = between.passed
    const canAbsorb = between.passed.length === 1 && (activation?.opType === 'Relu' || activation?.opType === 'Clip') && padsNothing(second.node)
    return [{ first, second: { ...second, inputs }, bound: between.bound, canAbsorb }]
  })
}

/** Follows the only reader of each value from `node` on; null where a value is read twice, given out, or goes through something else. */
function nextLayer(document: ReadonlyDocument, graph: Graph, node: Node): { next: Node; passed: Node[]; bound: number | null } | null {
  const passed: Node[] = []
  let bound: number | null = null
  for (let at = node; ; ) {
    const [use, ...others] = document.uses(graph, at.outputs[0] ?? '')
    const next = use?.node
    if (!next || use.graph !== graph || others.length > 0 || use.input !== 0) return null
    if (next.opType === 'Conv' || next.opType === 'Gemm') return { next, passed, bound }
    if (next.opType === 'Clip') {
      const upper = upperBound(document, graph, next)
      if (upper === null || bound !== null) return null
      bound = upper
    } else if (!HOMOGENEOUS.has(next.opType) || next.outputs.length !== 1) return null
    passed.push(next)
    at = next
  }
}

/** The upper bound of a Clip that cuts off below at 0; null for others. */
function upperBound(document: ReadonlyDocument, graph: Graph, node: Node): number | null {
  const value = (at: number, attribute: string) => {
    const known = node.attributes.find(({ name }) => name === attribute)
    if (known?.type === 'float') return known.value
    const tensor = constantTensor(document, graph, node.inputs[at] ?? '')
    return tensor && isReadable(tensor) ? (floatValues(tensor)[0] ?? null) : null
  }
  return value(1, 'min') === 0 ? value(2, 'max') : null
}

function padsNothing(node: Node): boolean {
  const automatic = stringAttribute(node, 'auto_pad', 'NOTSET')
  return node.opType === 'Gemm' || automatic === 'VALID' || (automatic === 'NOTSET' && (intsAttribute(node, 'pads', null) ?? []).every((pad) => pad === 0))
}

/** By the id of each pair's first node; empty without samples. */
export async function observeRanges(document: ReadonlyDocument, pairs: readonly LayerPair[], { observer, limit }: { observer: Observer; limit: number }): Promise<Map<number, ChannelRange>> {
  const ranges = new Map<number, ChannelRange>()
  if (!observer.calibration || pairs.length === 0) return ranges
  for (const { first } of pairs) {
    const { count } = first.outputs
    ranges.set(first.node.id, { min: new Float64Array(count).fill(Infinity), max: new Float64Array(count).fill(-Infinity) })
  }
  const names = pairs.map(({ first }) => first.node.outputs[0] ?? '')
  await observe(snapshotModel(document), observer, { names, limit, optimization: 'none' }, (values) => {
    for (const { first } of pairs) {
      const range = ranges.get(first.node.id)
      if (!range) throw new Error('internal: a layer without a range')
      widenByChannel(values.get(first.node.outputs[0] ?? ''), range)
    }
  })
  return ranges
}
