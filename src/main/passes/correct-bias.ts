import { z } from 'zod'
import { AppError } from '#shared/errors'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { type Edit, sameDomain } from '#shared/onnx/document'
import { makeFloat, makeInt } from '#shared/onnx/attributes'
import type { Graph, Model, Node, Tensor } from '#shared/onnx/records'
import { bytesOf, rawTensor, tensorFloats, tensorNumbers } from '#shared/onnx/tensor-data'
import { constantTensor, isFloat32 } from './constants'
import { definePass, type PassContext } from './pass'
import { roundHalfToEven } from './quantize-numerics'
import { eachByChannel, observeAll } from './recovery/observe'
import { snapshotModel } from './recovery/snapshot-model'

const INT32_MAX = 2 ** 31 - 1

export const correctBias = definePass({
  name: 'correct-bias',
  title: 'Correct biases',
  description: 'After quantize-static: moves each bias so that its layer gives the same mean as in float, layer by layer, by what calibration data shows. Costs nothing at run time.',
  calibration: 'required',
  options: z.strictObject({
    calibrationSamples: z.number().int().min(1).max(100_000).default(64).describe('At most so many calibration samples are looked at, once for each layer.'),
  }),
  /**
   * Empirical bias correction: adds E[float output] − E[quantized output] of each channel to the bias, in the order in which the
   * layers compute, so that each correction sees those before it (Nagel et al. 2019, appendix D).
   */
  async run(edit, { calibrationSamples }, context) {
    const { float } = context
    if (!float) throw new AppError({ code: 'invalid-recipe', message: "'correct-bias' has nothing to compare with.", hint: 'Put it after quantize-static in the same recipe.' })
    const floatNodes = new Map(float.graph.nodes.map((node) => [node.id, node]))
    const layers = edit.main.nodes.filter((node) => isQuantized(edit, node) && floatNodes.get(node.id)?.opType === node.opType)
    for (const [at, { id }] of layers.entries()) {
      context.progress('correcting', at / layers.length, `${at + 1} / ${layers.length}`)
      const node = edit.document.index(edit.main).nodes.get(id)
      const original = floatNodes.get(id)
      if (!node || !original) throw new Error('internal: a layer went away while biases were corrected')
      const errors = await meanErrors(snapshotModel(edit.document), { float, original, node, context, limit: calibrationSamples })
      if (errors) addToBias(edit, edit.main, node, errors)
    }
  },
})

/** Conv or Gemm whose weight is integers behind a DequantizeLinear. */
function isQuantized(edit: Edit, node: Node): boolean {
  return (node.opType === 'Conv' || node.opType === 'Gemm') && sameDomain(node.domain, '') && dequantizer(edit, edit.main, node.inputs[1] ?? '') !== null
}

function dequantizer(edit: Edit, graph: Graph, name: string): Node | null {
  const found = edit.document.index(graph).definition(name)
  return found?.kind === 'node' && found.node.opType === 'DequantizeLinear' && constantTensor(edit.document, graph, found.node.inputs[0] ?? '') ? found.node : null
}

interface Comparison {
  readonly float: Model
  readonly original: Node
  readonly node: Node
  readonly context: PassContext
  readonly limit: number
}

/** Mean of float − quantized for each output channel; null where the means are not finite. */
async function meanErrors(quantized: Model, { float, original, node, context, limit }: Comparison): Promise<Float64Array | null> {
  const [before = '', after = ''] = [original.outputs[0], node.outputs[0]]
  const sums: number[] = []
  let count = 0
  const add = (sign: number) => (value: number, channel: number) => {
    sums[channel] = (sums[channel] ?? 0) + sign * value
    count++
  }
  const both = [
    { model: float, observation: { names: [before], limit } },
    { model: quantized, observation: { names: [after], limit } },
  ]
  await observeAll(both, context, ([expected, found]) => {
    eachByChannel(expected?.get(before), add(1))
    eachByChannel(found?.get(after), add(-1))
  })
  const perChannel = count / 2 / sums.length
  const means = Float64Array.from(sums, (sum) => sum / perChannel)
  return means.every(Number.isFinite) ? means : null
}

function addToBias(edit: Edit, graph: Graph, node: Node, errors: Float64Array): void {
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
