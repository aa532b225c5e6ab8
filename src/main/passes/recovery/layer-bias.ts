/** Biases of quantized layers: integers in the product of the input's and the weight's scale, or float where they were left so. */
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Edit } from '#shared/onnx/document'
import { makeFloat, makeInt } from '#shared/onnx/attributes'
import type { Graph, Node, Tensor } from '#shared/onnx/records'
import { bytesOf, rawTensor, tensorFloats, tensorNumbers } from '#shared/onnx/tensor-data'
import { constantTensor, isFloat32 } from '../constants'
import { roundHalfToEven } from '../quantize-numerics'

const INT32_MAX = 2 ** 31 - 1

/** The node that makes `name` of a constant's integers; null where there is none. */
export function dequantizer(edit: Edit, graph: Graph, name: string): Node | null {
  const found = edit.document.index(graph).definition(name)
  return found?.kind === 'node' && found.node.opType === 'DequantizeLinear' && constantTensor(edit.document, graph, found.node.inputs[0] ?? '') ? found.node : null
}

/** A bias of integers or floats, in the units of the output, and what one step of each integer is worth (null for floats); null where there is none. */
export function biasValues(edit: Edit, graph: Graph, node: Node): { readonly values: Float64Array; readonly steps: ArrayLike<number> | null } | null {
  const name = node.inputs[2] ?? ''
  const dequantize = name === '' ? null : dequantizer(edit, graph, name)
  const tensor = constantTensor(edit.document, graph, dequantize?.inputs[0] ?? name)
  if (name === '' || !tensor) return null
  const steps = dequantize ? scalesOf(edit, graph, name) : null
  const values = Float64Array.from(tensorNumbers(tensor) as ArrayLike<number>, (value, channel) => value * (steps ? (steps[steps.length === 1 ? 0 : channel] as number) : 1))
  return { values, steps }
}

/** Whether `addToBias` has something to add to. */
export function canAddToBias(edit: Edit, graph: Graph, node: Node): boolean {
  const name = node.inputs[2] ?? ''
  if (name === '') return scalesOf(edit, graph, node.inputs[0] ?? '') !== null && scalesOf(edit, graph, node.inputs[1] ?? '') !== null
  const tensor = constantTensor(edit.document, graph, dequantizer(edit, graph, name)?.inputs[0] ?? name)
  return tensor !== null && (tensor.dataType === DATA_TYPES.int32.code || isFloat32(tensor))
}

/** Adds to the bias of a Conv or Gemm, one number for each output channel in the units of the output; a bias is made where there was none. */
export function addToBias(edit: Edit, graph: Graph, node: Node, errors: Float64Array): void {
  const beta = node.opType === 'Gemm' ? node.attributes.find(({ name }) => name === 'beta') : undefined
  // Quantizing sets beta to 1; without a bias it means nothing.
  if (beta?.type === 'float' && beta.value !== 1) edit.setAttribute(graph, node, 'beta', makeFloat('beta', 1))
  const name = node.inputs[2] ?? ''
  const dequantize = name === '' ? null : dequantizer(edit, graph, name)
  if (dequantize) return addToIntegers(edit, graph, dequantize, errors)
  const tensor = name === '' ? null : constantTensor(edit.document, graph, name)
  if (tensor && isFloat32(tensor)) {
    const values = Float32Array.from(tensorFloats(tensor), (value, channel) => value + (errors[channel] ?? 0))
    return store(edit, graph, { node, input: 2, tensor: rawTensor(tensor.name, 'float32', tensor.dims, bytesOf(values)) })
  }
  if (name === '') addBias(edit, graph, node, errors)
}

function addToIntegers(edit: Edit, graph: Graph, dequantize: Node, errors: Float64Array): void {
  const [integers, scale] = dequantize.inputs.map((name) => constantTensor(edit.document, graph, name))
  if (!integers || !scale || integers.dataType !== DATA_TYPES.int32.code) return
  const scales = tensorFloats(scale)
  const values = Int32Array.from(tensorNumbers(integers) as Int32Array, (value, channel) => toInt32(value + (errors[channel] ?? 0) / (scales[scales.length === 1 ? 0 : channel] as number)))
  store(edit, graph, { node: dequantize, input: 0, tensor: rawTensor(integers.name, 'int32', integers.dims, bytesOf(values)) })
}

/** In place, or under a new name where others read the old tensor too. */
function store(edit: Edit, graph: Graph, { node, input, tensor }: { node: Node; input: number; tensor: Tensor }): void {
  if (edit.document.uses(graph, tensor.name).length === 1) return edit.setInitializer(graph, tensor)
  const name = edit.freshName(graph, tensor.name)
  edit.setInitializer(graph, { ...tensor, name })
  edit.setInput(graph, node, input, name)
}

/** A bias where there was none: int32 with the product of input and weight scale, as integer kernels take it. */
function addBias(edit: Edit, graph: Graph, node: Node, errors: Float64Array): void {
  const [input, weight] = node.inputs.map((name) => scalesOf(edit, graph, name))
  if (!input || !weight) return
  const inputScale = input[0] as number
  const scales = Float32Array.from(weight, (scale) => scale * inputScale)
  const values = Int32Array.from(errors, (error, channel) => toInt32(error / (scales[scales.length === 1 ? 0 : channel] as number)))
  const isPerChannel = scales.length > 1
  const inputs = [
    named(edit, graph, `${node.inputs[1] ?? ''}.bias`, (name) => rawTensor(name, 'int32', [values.length], bytesOf(values))),
    named(edit, graph, `${node.inputs[1] ?? ''}.bias.scale`, (name) => rawTensor(name, 'float32', isPerChannel ? [scales.length] : [], bytesOf(scales))),
  ]
  const real = edit.freshName(graph, `${node.inputs[1] ?? ''}.bias.dq`)
  edit.addNode(graph, { opType: 'DequantizeLinear', inputs, outputs: [real], attributes: isPerChannel ? [makeInt('axis', 0)] : [] }, { before: node })
  edit.setInput(graph, node, 2, real)
}

function scalesOf(edit: Edit, graph: Graph, name: string): ArrayLike<number> | null {
  const found = edit.document.index(graph).definition(name)
  if (found?.kind !== 'node' || found.node.opType !== 'DequantizeLinear') return null
  const scale = constantTensor(edit.document, graph, found.node.inputs[1] ?? '')
  return scale ? tensorFloats(scale) : null
}

function named(edit: Edit, graph: Graph, base: string, make: (name: string) => Tensor): string {
  const name = edit.freshName(graph, base)
  edit.setInitializer(graph, make(name))
  return name
}

function toInt32(value: number): number {
  return Math.min(INT32_MAX, Math.max(-INT32_MAX - 1, roundHalfToEven(value)))
}
