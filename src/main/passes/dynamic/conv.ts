import type { Graph, Node } from '#shared/onnx/records'
import { rawTensor, tensorBytes } from '#shared/onnx/tensor-data'
import { constantTensor, isFloat32 } from '../constants'
import { notApplicable, type Refusal, refuse } from '../refusal'
import type { DynamicQuantizer } from './dynamic-quantizer'

/**
 * Conv with a constant weight → ConvInteger, then Add where there is a bias. onnxruntime implements ConvInteger for uint8 weights with
 * one zero point only; scales for each channel are still possible, since they are applied afterwards: such weights are symmetric around 128.
 */
export function quantizeConv(quantizer: DynamicQuantizer, graph: Graph, node: Node): Refusal | null {
  const { edit, options } = quantizer
  const [input, weightName, biasName] = node.inputs
  const [output] = node.outputs
  if (!constantTensor(edit.document, graph, weightName ?? '')) return refuse('its weight is computed in the graph')
  const weight = quantizer.weight(graph, weightName, 3)
  if ('reason' in weight) return weight
  if (!input || !output) return notApplicable('an input or output is missing')
  const bias = biasName ? constantTensor(edit.document, graph, biasName) : null
  if (biasName && (!bias || !isFloat32(bias))) return refuse('its bias is not a float32 constant')

  const [channels = 0] = weight.dims
  const channelDims = [channels, ...weight.dims.slice(2).map(() => 1)]
  const stored = quantizer.weights.store(graph, weight.name, {
    layout: { dims: weight.dims, axis: options.perChannel ? 0 : null },
    options: { type: 'uint8', symmetric: options.perChannel, reduceRange: options.reduceRange },
    ...(options.perChannel && { scaleDims: channelDims }),
    zeroPointDims: [],
  })
  const activation = quantizer.activation(graph, input, node)
  const product = bias ? edit.freshName(graph, `n${node.id}.product`) : output
  const detached = bias ? edit.updateNode(graph, node, { outputs: [product] }) : node
  const last = quantizer.integerNode(graph, detached, {
    opType: 'ConvInteger',
    inputs: [activation.values, stored.values, activation.zeroPoint, stored.zeroPoint],
    keepAttributes: true,
    scales: [activation.scale, stored.scale],
    output: product,
  })
  if (bias) {
    const reshaped = edit.freshName(graph, `${bias.name}.column`)
    edit.setInitializer(graph, rawTensor(reshaped, 'float32', channelDims, tensorBytes(bias)))
    edit.addNode(graph, { opType: 'Add', inputs: [product, reshaped], outputs: [output] }, { after: last })
    if (edit.document.uses(graph, bias.name).length === 0 && edit.document.index(graph).initializers.has(bias.name)) edit.removeInitializer(graph, bias.name)
  }
  return null
}
