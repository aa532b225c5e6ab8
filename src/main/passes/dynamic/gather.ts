import type { Graph, Node } from '#shared/onnx/records'
import { notApplicable, type Refusal } from '../refusal'
import type { DynamicQuantizer } from './dynamic-quantizer'

/** Gather from a constant table → Gather from its uint8 form, then DequantizeLinear of only what was gathered. */
export function quantizeGather(quantizer: DynamicQuantizer, graph: Graph, node: Node): Refusal | null {
  const [table, indices] = node.inputs
  const [output] = node.outputs
  const weight = quantizer.weight(graph, table, 2)
  if ('reason' in weight) return weight
  if (!indices || !output) return notApplicable('an input or output is missing')
  const { edit, options } = quantizer
  const stored = quantizer.weights.store(graph, weight.name, {
    layout: { dims: weight.dims, axis: null },
    options: { type: 'uint8', symmetric: false, reduceRange: options.reduceRange },
  })
  const gathered = edit.freshName(graph, `n${node.id}.gathered`)
  const quantized = edit.updateNode(graph, node, { inputs: [stored.values, indices], outputs: [gathered] })
  edit.addNode(graph, { opType: 'DequantizeLinear', inputs: [gathered, stored.scale, stored.zeroPoint], outputs: [output] }, { after: quantized })
  return null
}
