import { floatAttribute, makeFloat, makeInt } from '#shared/onnx/attributes'
import type { DataTypeName } from '#shared/onnx/data-type'
import type { Edit } from '#shared/onnx/document'
import type { Graph, Node } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { constantTensor, opsetVersion } from '../constants'
import {
  type ChannelLayout,
  minimumWeightScales,
  quantizeBias,
  quantizeChannels,
  type QuantizedArray,
  quantizedArray,
  type QuantizedType,
  type QuantizedWeights,
  quantizeTensor,
  type WeightOptions,
} from '../quantize-numerics'
import { packRows } from '../weight-only/block-weights'
import { floatValues } from '../weight-store'
import type { ActivationOptions, ActivationParameters, ActivationPlan } from './activation-parameters'
import { type ChosenNode, mustEndQuantized, readersOf } from './choose-nodes'

export interface PairOptions {
  /** Of constants among the activations. */
  readonly activation: (name: string) => ActivationOptions
  readonly weight: (node: Node) => WeightOptions & { readonly perChannel: boolean }
}

interface Inserter {
  readonly edit: Edit
  readonly graph: Graph
  readonly nodes: ReadonlyMap<number, ChosenNode>
  readonly plan: ActivationPlan
  readonly options: PairOptions
  /** Dequantized forms of constants and of values from float nodes, by what they were made of. */
  readonly dequantized: Map<string, string>
}

/** Puts QuantizeLinear and DequantizeLinear around the chosen nodes of `graph`. */
export function insertPairs(edit: Edit, given: Omit<Inserter, 'edit' | 'dequantized'>): void {
  const inserter: Inserter = { ...given, edit, dequantized: new Map() }
  // All decisions before the first edit: afterwards the graph is no longer the one that was chosen from.
  const endings = [...given.nodes.values()].filter(({ node }) => !given.plan.absorbed.has(node.id)).map((chosen) => ({ chosen, outputs: quantizedOutputs(inserter, chosen) }))
  const sources = sourceValues(inserter)
  const floats = new Set<string>()
  for (const { chosen } of endings) {
    for (const name of chosen.activations) if (constantTensor(edit.document, given.graph, name)) floats.add(name)
    if (chosen.placement.weight) for (const at of [chosen.placement.weight.input, chosen.placement.weight.bias ?? -1]) floats.add(chosen.node.inputs[at] ?? '')
  }

  for (const { chosen } of endings) quantizeConstants(inserter, chosen)
  for (const name of sources) quantizeSource(inserter, name)
  for (const { chosen, outputs } of endings) for (const output of outputs) quantizeOutput(inserter, chosen.node, output)
  for (const id of given.plan.absorbed) removeAbsorbed(inserter, id)
  for (const name of floats) {
    const owner = edit.document.definition(given.graph, name)
    if (owner?.definition.kind === 'initializer' && edit.document.uses(owner.graph, name).length === 0) edit.removeInitializer(owner.graph, name)
  }
}

/** The names under which a node's outputs are known to their readers: that of the last Relu or Clip which quantization stands for. */
function quantizedOutputs(inserter: Inserter, { node, placement }: ChosenNode): { made: string; known: string }[] {
  const { edit, graph, nodes, plan } = inserter
  return node.outputs.flatMap((made) => {
    if (made === '') return []
    let known = made
    let isAbsorbing = false
    for (;;) {
      const [reader] = readersOf({ edit, graph }, nodes, known)
      const next = reader && plan.absorbed.has(reader.node.id) ? reader.node.outputs[0] : undefined
      if (next === undefined) break
      known = next
      isAbsorbing = true
    }
    if (!plan.parameters.has(known)) return []
    const isWanted = isAbsorbing || mustEndQuantized(placement) || readersOf({ edit, graph }, nodes, known).length > 0
    return isWanted ? [{ made, known }] : []
  })
}

/** Activations that come from graph inputs and float nodes. */
function sourceValues({ edit, graph, nodes, plan }: Inserter): string[] {
  const names = new Set<string>()
  for (const { node, activations } of nodes.values()) {
    if (plan.absorbed.has(node.id)) continue
    for (const name of activations) {
      const definition = edit.document.index(graph).definition(name)
      const isChosen = definition?.kind === 'node' && nodes.has(definition.node.id)
      if (!isChosen && !constantTensor(edit.document, graph, name)) names.add(name)
    }
  }
  return [...names]
}

function quantizeSource(inserter: Inserter, name: string): void {
  const { edit, graph, nodes } = inserter
  const readers = readersOf({ edit, graph }, nodes, name)
  const definition = edit.document.index(graph).definition(name)
  const first = graph.nodes[0]
  if (!first) throw new Error('internal: a graph with chosen nodes has nodes')
  const placement = definition?.kind === 'node' ? { after: definition.node } : { before: first }
  const real = edit.freshName(graph, `${name}.dq`)
  const pair = addPair(inserter, { from: name, to: real, known: name })
  const quantize = edit.addNode(graph, pair.quantize, placement)
  edit.addNode(graph, pair.dequantize, { after: quantize })
  for (const { node } of readers) replaceInput(inserter, node, name, real)
}

/** The node's own output gets a new name, so that every reader, graph outputs included, reads the dequantized value under the old one. */
function quantizeOutput(inserter: Inserter, node: Node, { made, known }: { made: string; known: string }): void {
  const { edit, graph } = inserter
  const current = edit.document.index(graph).nodes.get(node.id) ?? node
  const real = edit.freshName(graph, `${made}.f`)
  const renamed = edit.updateNode(graph, current, { outputs: current.outputs.map((name) => (name === made ? real : name)) })
  // An absorbed node still gives out `known`; it goes once its readers have what they need.
  const to = made === known ? made : edit.freshName(graph, `${known}.dq`)
  const pair = addPair(inserter, { from: real, to, known })
  const quantize = edit.addNode(graph, pair.quantize, { after: renamed })
  edit.addNode(graph, pair.dequantize, { after: quantize })
  if (made !== known) takeOver(inserter, known, to)
}

/** Lets `dequantized` be called `known`, in place of the output of the node that is absorbed. */
function takeOver({ edit, graph }: Inserter, known: string, dequantized: string): void {
  const absorbed = edit.document.index(graph).definition(known)
  if (absorbed?.kind !== 'node') throw new Error(`internal: '${known}' is not made by a node`)
  const detached = edit.updateNode(graph, absorbed.node, { inputs: [], outputs: [] })
  edit.removeNode(graph, detached)
  const dequantize = edit.document.index(graph).definition(dequantized)
  if (dequantize?.kind !== 'node') throw new Error(`internal: '${dequantized}' is not made by a node`)
  edit.updateNode(graph, dequantize.node, { outputs: [known] })
}

/** What is left of a chain of absorbed nodes: those before its last. */
function removeAbsorbed({ edit, graph }: Inserter, id: number): void {
  const node = edit.document.index(graph).nodes.get(id)
  if (node) edit.removeNode(graph, edit.updateNode(graph, node, { inputs: [], outputs: [] }))
}

function addPair(inserter: Inserter, { from, to, known }: { from: string; to: string; known: string }) {
  const { edit, graph, plan } = inserter
  const parameters = plan.parameters.get(known)
  if (!parameters) throw new Error(`internal: no range for '${known}'`)
  const quantized = edit.freshName(graph, `${known}.q`)
  const scale = parameterNames(inserter, known, parameters)
  const domain = pairDomain(edit, parameters.type)
  return {
    quantize: { opType: 'QuantizeLinear', domain, inputs: [from, ...scale], outputs: [quantized] },
    dequantize: { opType: 'DequantizeLinear', domain, inputs: [quantized, ...scale], outputs: [to] },
  }
}

/** ONNX has integers of 4 and 16 bits in pairs from opset 21 on; onnxruntime has them in a domain of its own for those below. */
function pairDomain(edit: Edit, type: QuantizedType): string {
  const isNew = type === 'int4' || type === 'int16' || type === 'uint16'
  if (!isNew || opsetVersion(edit.model) >= 21) return ''
  edit.requireOpset('com.microsoft', 1)
  return 'com.microsoft'
}

/** Equal scales and zero points are stored once. */
function parameterNames(inserter: Inserter, base: string, { scale, zeroPoint, type }: ActivationParameters): [string, string] {
  const { edit, graph, dequantized } = inserter
  const named = (key: string, suffix: string, store: (name: string) => void) => {
    const known = dequantized.get(key)
    if (known !== undefined) return known
    const name = edit.freshName(graph, `${base}.${suffix}`)
    dequantized.set(key, name)
    store(name)
    return name
  }
  return [
    named(`scale ${scale}`, 'scale', (name) => edit.setInitializer(graph, rawTensor(name, 'float32', [], bytesOf(Float32Array.of(scale))))),
    named(`zero point ${type} ${zeroPoint}`, 'zp', (name) => {
      const value = quantizedArray(type, 1)
      value[0] = zeroPoint
      edit.setInitializer(graph, rawTensor(name, type, [], bytesOf(value)))
    }),
  ]
}

/** Weight, bias, and constants among the activations. */
function quantizeConstants(inserter: Inserter, chosen: ChosenNode): void {
  const { edit, graph, plan, options } = inserter
  for (const name of new Set(chosen.activations)) {
    const tensor = constantTensor(edit.document, graph, name)
    if (!tensor) continue
    // As what the node gives: kernels take both inputs in one type.
    const form = options.activation(chosen.node.outputs[0] ?? '')
    const key = `activation ${name} ${form.type}`
    const values = () => quantizeTensor(floatValues(tensor), form)
    replaceInput(inserter, chosen.node, name, dequantizedConstant(inserter, { key, base: name, dims: tensor.dims, axis: null, make: values, before: chosen.node }))
  }
  const { weight } = chosen.placement
  if (!weight) return
  const { node } = chosen
  const name = node.inputs[weight.input] ?? ''
  const tensor = constantTensor(edit.document, graph, name)
  const input = plan.parameters.get(chosen.activations[0] ?? '')
  if (!tensor || !input) throw new Error(`internal: ${node.opType} '${node.name}' has no constant weight or no range`)
  const alpha = node.opType === 'Gemm' ? floatAttribute(node, 'alpha', 1) : 1
  const { perChannel, ...form } = options.weight(node)
  const axis = perChannel ? weight.channelAxis(node, tensor.dims.length) : null
  const floats = alpha === 1 ? floatValues(tensor) : floatValues(tensor).map((value) => value * alpha)
  const biasName = weight.bias === null ? '' : (node.inputs[weight.bias] ?? '')
  const bias = biasName === '' ? null : scaledBias(inserter, node, biasName)
  const { quantized, isWidened } = quantizeWeight(floats, { dims: tensor.dims, axis }, { options: form, bias, inputScale: input.scale })
  const key = `weight ${name} ${axis} ${alpha} ${form.type} ${form.reduceRange} ${isWidened ? node.id : ''}`
  replaceInput(inserter, node, name, dequantizedConstant(inserter, { key, base: name, dims: tensor.dims, axis, make: () => quantized, before: node }))
  if (bias && weight.bias !== null) {
    const real = dequantizedBias(inserter, { node, name: biasName, bias, inputScale: input.scale, weightScales: quantized.scales, perChannel: axis !== null })
    const current = edit.setInput(graph, node, weight.bias, real)
    if (node.opType === 'Gemm' && floatAttribute(node, 'beta', 1) !== 1) edit.setAttribute(graph, current, 'beta', makeFloat('beta', 1))
  }
  if (alpha !== 1) edit.setAttribute(graph, node, 'alpha', makeFloat('alpha', 1))
}

/** The bias times Gemm's beta. */
function scaledBias({ edit, graph }: Inserter, node: Node, name: string): Float32Array {
  const tensor = constantTensor(edit.document, graph, name)
  if (!tensor) throw new Error(`internal: the bias '${name}' is not a constant`)
  const beta = node.opType === 'Gemm' ? floatAttribute(node, 'beta', 1) : 1
  return beta === 1 ? floatValues(tensor) : floatValues(tensor).map((value) => value * beta)
}

function quantizeWeight(
  values: Float32Array,
  layout: ChannelLayout,
  { options, bias, inputScale }: { options: WeightOptions; bias: Float32Array | null; inputScale: number },
): { quantized: QuantizedWeights; isWidened: boolean } {
  const quantized = quantizeChannels(values, layout, options)
  if (!bias) return { quantized, isWidened: false }
  const minimumScales = minimumWeightScales(bias, inputScale, quantized.scales)
  const isWidened = minimumScales.some((scale) => scale > 0)
  return { quantized: isWidened ? quantizeChannels(values, layout, { ...options, minimumScales }) : quantized, isWidened }
}

interface ConstantForm {
  readonly key: string
  readonly base: string
  readonly dims: readonly number[]
  readonly axis: number | null
  readonly make: () => QuantizedWeights
  readonly before: Node
}

/** Stores a quantized constant with its DequantizeLinear, once for each key, and returns the name of the real value. */
function dequantizedConstant({ edit, graph, dequantized }: Inserter, { key, base, dims, axis, make, before }: ConstantForm): string {
  const known = dequantized.get(key)
  if (known !== undefined) return known
  const quantized = make()
  const channels = axis === null ? [] : [quantized.scales.length]
  const store = (suffix: string, dataType: DataTypeName, shape: readonly number[], values: Float32Array | QuantizedArray) => {
    const name = edit.freshName(graph, `${base}.${suffix}`)
    // Four bits are packed in one run, two to a byte.
    const bytes = dataType === 'int4' ? packRows(values.map((value) => value & 15), { width: values.length, bits: 4 }) : bytesOf(values)
    edit.setInitializer(graph, rawTensor(name, dataType, shape, bytes))
    return name
  }
  const inputs = [
    store('q', quantized.type, dims, quantized.values),
    store('scale', 'float32', channels, quantized.scales),
    store('zp', quantized.type, channels, quantized.zeroPoints),
  ]
  const real = edit.freshName(graph, `${base}.dq`)
  const current = edit.document.index(graph).nodes.get(before.id) ?? before
  const domain = pairDomain(edit, quantized.type)
  edit.addNode(graph, { opType: 'DequantizeLinear', domain, inputs, outputs: [real], attributes: axis === null ? [] : [makeInt('axis', axis)] }, { before: current })
  dequantized.set(key, real)
  return real
}

function dequantizedBias(
  { edit, graph }: Inserter,
  { node, name, bias, inputScale, weightScales, perChannel }: { node: Node; name: string; bias: Float32Array; inputScale: number; weightScales: Float32Array; perChannel: boolean },
): string {
  const { values, scales } = quantizeBias(bias, inputScale, weightScales)
  const quantized = edit.freshName(graph, `${name}.q`)
  const scale = edit.freshName(graph, `${name}.scale`)
  const real = edit.freshName(graph, `${name}.dq`)
  edit.setInitializer(graph, rawTensor(quantized, 'int32', [values.length], bytesOf(values)))
  edit.setInitializer(graph, rawTensor(scale, 'float32', perChannel ? [scales.length] : [], bytesOf(scales)))
  const current = edit.document.index(graph).nodes.get(node.id) ?? node
  // No zero point: it is 0, and int32 in any case.
  edit.addNode(graph, { opType: 'DequantizeLinear', inputs: [quantized, scale], outputs: [real], attributes: perChannel ? [makeInt('axis', 0)] : [] }, { before: current })
  return real
}

function replaceInput({ edit, graph }: Inserter, node: Node, from: string, to: string): void {
  const current = edit.document.index(graph).nodes.get(node.id) ?? node
  edit.updateNode(graph, current, { inputs: current.inputs.map((name) => (name === from ? to : name)) })
}
