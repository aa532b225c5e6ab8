import type { Graph, Node } from '#shared/onnx/records'
import { notApplicable, type Refusal } from '../refusal'
import type { DynamicQuantizer } from './dynamic-quantizer'
import { gatherRows } from './gather-rows'
import { findIntegerForm } from './integer-form'

/**
 * Gather from a constant table → Gather from its uint8 form, then DequantizeLinear of only what was gathered. Where a product has the
 * table in integers already, both read those.
 */
export function quantizeGather(quantizer: DynamicQuantizer, graph: Graph, node: Node): Refusal | null {
  const { edit, options } = quantizer
  const [table, indices] = node.inputs
  const [output] = node.outputs
  const weight = quantizer.weight(graph, table, 2)
  if ('reason' in weight) return weight
  const owner = edit.document.definition(graph, weight.name)?.graph
  if (!indices || !output || !owner) return notApplicable('an input or output is missing')
  const shared = findIntegerForm(edit, owner, weight)
  if (shared) {
    gatherRows(edit, { graph, node }, shared)
    quantizer.weights.noLongerRead(owner, weight.name)
    return null
  }
  const stored = quantizer.weights.store(graph, weight.name, { layout: { dims: weight.dims, axis: null }, options: { type: 'uint8', symmetric: false, reduceRange: options.reduceRange } })
  gatherRows(edit, { graph, node }, { owner, stored, perRow: false })
  return null
}
