import { floatAttribute, intAttribute } from '#shared/onnx/attributes'
import type { Graph, Node } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { constantTensor, isFloat32 } from '../constants'
import { type QuantizedArray, quantizedArray, type QuantizedWeights } from '../quantize-numerics'
import { floatValues, type WeightForm } from '../weight-store'
import { notApplicable, type Refusal, refuse } from '../refusal'
import type { DynamicQuantizer } from './dynamic-quantizer'

/** MatMul with a constant second input → MatMulInteger. */
export function quantizeMatMul(quantizer: DynamicQuantizer, graph: Graph, node: Node): Refusal | null {
  const [input, weightName] = node.inputs
  const [output] = node.outputs
  const weight = quantizer.weight(graph, weightName, 2)
  if ('reason' in weight) return weight
  if (!input || !output) return notApplicable('an input or output is missing')
  if (constantTensor(quantizer.edit.document, graph, input)) return notApplicable('both inputs are constants')
  // MatMulInteger takes a scale for each column only where the weight is one matrix.
  const axis = quantizer.options.perChannel && weight.dims.length === 2 ? 1 : null
  integerMatMul(quantizer, graph, { node, input, weight: weight.name, output, form: weightForm(quantizer, weight.dims, axis) })
  return null
}

/** Gemm (transA = 0) with a constant B → MatMulInteger, then Add where there is a C. */
export function quantizeGemm(quantizer: DynamicQuantizer, graph: Graph, node: Node): Refusal | null {
  const [input, weightName, bias] = node.inputs
  const [output] = node.outputs
  const weight = quantizer.weight(graph, weightName, 2)
  if ('reason' in weight) return weight
  if (!input || !output) return notApplicable('an input or output is missing')
  if (intAttribute(node, 'transA', 0) !== 0) return refuse('its first input is transposed')
  const beta = floatAttribute(node, 'beta', 1)
  const biasName = bias ? scaledBias(quantizer, graph, bias, beta) : null
  if (biasName !== null && typeof biasName !== 'string') return biasName
  const transposed = intAttribute(node, 'transB', 0) !== 0
  const form = weightForm(quantizer, weight.dims, quantizer.options.perChannel ? (transposed ? 0 : 1) : null)
  const product = biasName === null ? output : quantizer.edit.freshName(graph, `n${node.id}.product`)
  const detached = biasName === null ? node : quantizer.edit.updateNode(graph, node, { outputs: [product] })
  const last = integerMatMul(quantizer, graph, {
    node: detached,
    input,
    weight: weight.name,
    output: product,
    form: {
      ...form,
      scaleFactor: floatAttribute(node, 'alpha', 1),
      ...(transposed && { rearrange: { key: 'transposed', apply: (weights: QuantizedWeights) => transpose(weights, weight.dims) } }),
    },
  })
  if (biasName !== null) quantizer.edit.addNode(graph, { opType: 'Add', inputs: [product, biasName], outputs: [output] }, { after: last })
  return null
}

function integerMatMul(
  quantizer: DynamicQuantizer,
  graph: Graph,
  { node, input, weight, output, form }: { node: Node; input: string; weight: string; output: string; form: WeightForm },
): Node {
  const stored = quantizer.weights.store(graph, weight, form)
  const activation = quantizer.activation(graph, input, node)
  return quantizer.integerNode(graph, node, {
    opType: 'MatMulInteger',
    inputs: [activation.values, stored.values, activation.zeroPoint, stored.zeroPoint],
    keepAttributes: false,
    scales: [activation.scale, stored.scale],
    output,
  })
}

function weightForm({ options }: DynamicQuantizer, dims: readonly number[], axis: number | null): WeightForm {
  return { layout: { dims, axis }, options: { type: options.weightType, symmetric: options.weightType === 'int8' || axis !== null, reduceRange: options.reduceRange } }
}

/** The name of `beta · C`; C must be constant unless beta is 1. */
function scaledBias({ edit }: DynamicQuantizer, graph: Graph, name: string, beta: number): string | null | Refusal {
  if (beta === 1) return name
  if (beta === 0) return null
  const tensor = constantTensor(edit.document, graph, name)
  if (!tensor || !isFloat32(tensor)) return refuse('its bias is not constant and beta is not 1')
  const scaled = edit.freshName(graph, `${name}.scaled`)
  edit.setInitializer(graph, rawTensor(scaled, 'float32', tensor.dims, bytesOf(floatValues(tensor).map((value) => value * beta))))
  return scaled
}

function transpose(weights: QuantizedWeights, dims: readonly number[]): { dims: number[]; values: QuantizedArray } {
  const [rows = 0, columns = 0] = dims
  const values = quantizedArray(weights.type, weights.values.length)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) values[column * rows + row] = weights.values[row * columns + column] as number
  }
  return { dims: [columns, rows], values }
}
