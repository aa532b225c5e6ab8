import { makeInt } from '#shared/onnx/attributes'
import type { Graph, Node, Tensor } from '#shared/onnx/records'
import { opsetVersion } from '../constants'
import { notApplicable, type Refusal } from '../refusal'
import type { DynamicQuantizer } from './dynamic-quantizer'

/** Scales for each row of a weight need this opset. */
const PER_CHANNEL_OPSET = 13

/**
 * GRU and RNN with constant W and R, [directions, rows, columns]: both stored as 8-bit integers, with a DequantizeLinear before the node.
 * onnxruntime has no integer kernel for either, so the node computes in float as before: a quarter of the size, not more speed.
 */
export function quantizeRecurrent(quantizer: DynamicQuantizer, graph: Graph, node: Node): Refusal | null {
  const weights: { input: number; tensor: Tensor }[] = []
  for (const input of [1, 2]) {
    const tensor = quantizer.weight(graph, node.inputs[input], 3)
    if ('reason' in tensor) return tensor
    weights.push({ input, tensor })
  }
  if (!node.inputs[0]) return notApplicable('an input is missing')
  for (const { input, tensor } of weights) quantizer.edit.setInput(graph, quantizer.edit.document.index(graph).nodes.get(node.id) ?? node, input, dequantized(quantizer, graph, node, tensor))
  return null
}

/** Rows of the same index share a scale in both directions: there is one axis for scales. */
function dequantized({ edit, options, weights }: DynamicQuantizer, graph: Graph, node: Node, { name, dims }: Tensor): string {
  const axis = options.perChannel && opsetVersion(edit.model) >= PER_CHANNEL_OPSET ? 1 : null
  const stored = weights.store(graph, name, { layout: { dims, axis }, options: { type: options.weightType, symmetric: true, reduceRange: false } })
  const output = edit.freshName(graph, `n${node.id}.${name}`)
  const current = edit.document.index(graph).nodes.get(node.id) ?? node
  edit.addNode(
    graph,
    { opType: 'DequantizeLinear', inputs: [stored.values, stored.scale, stored.zeroPoint], outputs: [output], attributes: axis === null ? [] : [makeInt('axis', axis)] },
    { before: current },
  )
  return output
}
