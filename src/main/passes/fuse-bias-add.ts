import { z } from 'zod'
import { floatAttribute, intAttribute, makeFloat } from '#shared/onnx/attributes'
import { type Edit, sameDomain } from '#shared/onnx/document'
import type { Graph, Node, Tensor } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { constantTensor, isFloat32, isInFunction, isReadable } from './constants'
import { definePass } from './pass'
import { floatValues } from './weight-store'

export const fuseBiasAdd = definePass({
  name: 'fuse-bias-add',
  title: 'Fuse constant Add and Mul',
  description: 'Takes an Add or Mul of a constant into the bias and weights of the Conv or Gemm before it.',
  calibration: 'none',
  keepsResults: true,
  options: z.strictObject({}),
  run(edit) {
    for (const graph of edit.document.graphs()) {
      if (isInFunction(edit.document, graph)) continue
      for (const { id } of [...graph.nodes]) {
        const node = edit.document.index(graph).nodes.get(id)
        if (node && /^(Add|Mul)$/.test(node.opType) && sameDomain(node.domain, '')) fuse(edit, graph, node)
      }
    }
  },
})

/** A Conv or Gemm with constant weight and bias, as one weight row (or column) and one bias for each output channel. */
interface Layer {
  readonly node: Node
  readonly weight: Tensor
  /** Null where it has none. */
  readonly bias: Float32Array | null
  readonly channels: number
  /** The channel of each element of the weight. */
  readonly channelOf: (element: number) => number
  /** Dimensions of the output, and how many of them come after that of the channels. */
  readonly rank: number
  readonly behind: number
}

function fuse(edit: Edit, graph: Graph, node: Node): void {
  const { document } = edit
  const at = node.inputs.findIndex((name) => constantTensor(document, graph, name) !== null)
  const constant = float32(edit, graph, node.inputs[at] ?? '')
  const input = node.inputs[1 - at] ?? ''
  const [output = ''] = node.outputs
  const definition = document.index(graph).definition(input)
  const layer = definition?.kind === 'node' ? layerOf(edit, graph, definition.node) : null
  if (node.inputs.length !== 2 || !constant || !layer || document.uses(graph, input).length !== 1) return
  const values = channelValues(constant, layer)
  if (!values) return

  const bias = layer.bias ?? new Float32Array(layer.channels)
  const isSum = node.opType === 'Add'
  const newBias = bias.map((value, channel) => (isSum ? value + (values[channel] as number) : value * (values[channel] as number)))
  const store = (base: string, dims: readonly number[], numbers: Float32Array) => {
    const name = edit.freshName(graph, base)
    edit.setInitializer(graph, rawTensor(name, 'float32', dims, bytesOf(numbers)))
    return name
  }
  const { weight } = layer
  const newWeight = isSum ? weight.name : store(`${weight.name}.scaled`, weight.dims, floatValues(weight).map((value, element) => value * (values[layer.channelOf(element)] as number)))
  const hasBias = isSum || layer.bias !== null
  const read = [...layer.node.inputs.slice(1), ...node.inputs]
  edit.removeNode(graph, edit.updateNode(graph, node, { inputs: [], outputs: [] }))
  edit.updateNode(graph, layer.node, {
    inputs: [layer.node.inputs[0] ?? '', newWeight, ...(hasBias ? [store(`${output}.bias`, [layer.channels], newBias)] : [])],
    outputs: [output],
    attributes: layer.node.attributes.map((attribute) => (attribute.name === 'beta' ? makeFloat('beta', 1) : attribute)),
  })
  edit.updateGraph(graph, { valueInfo: graph.valueInfo.filter(({ name }) => name !== input) })
  for (const name of new Set(read)) {
    if (document.index(graph).initializers.has(name) && document.uses(graph, name).length === 0) edit.removeInitializer(graph, name)
  }
}

function layerOf(edit: Edit, graph: Graph, node: Node): Layer | null {
  if (!sameDomain(node.domain, '') || (node.opType !== 'Conv' && node.opType !== 'Gemm')) return null
  const weight = float32(edit, graph, node.inputs[1] ?? '')
  const biasName = node.inputs[2] ?? ''
  const biasTensor = biasName === '' ? null : float32(edit, graph, biasName)
  if (!weight || (biasName !== '' && !biasTensor)) return null
  if (node.opType === 'Conv') {
    const [channels = 0] = weight.dims
    const size = weight.dims.slice(1).reduce((product, dim) => product * dim, 1)
    return { node, weight, bias: biasTensor ? floatValues(biasTensor) : null, channels, channelOf: (element) => Math.floor(element / size), rank: weight.dims.length, behind: weight.dims.length - 2 }
  }
  const transposed = intAttribute(node, 'transB', 0) !== 0
  const [rows = 0, columns = 0] = weight.dims
  const channels = transposed ? rows : columns
  const layer = { node, weight, bias: null, channels, channelOf: (element: number) => (transposed ? Math.floor(element / columns) : element % columns), rank: 2, behind: 0 }
  if (!biasTensor) return layer
  const bias = channelValues(biasTensor, layer)
  const beta = floatAttribute(node, 'beta', 1)
  return bias ? { ...layer, bias: bias.map((value) => value * beta) } : null
}

/** A constant that is one number for each channel (or one for all), as one for each; null for any other. */
function channelValues(constant: Tensor, { channels, rank, behind }: Pick<Layer, 'channels' | 'rank' | 'behind'>): Float32Array | null {
  const axis = constant.dims.length - 1 - behind
  if (constant.dims.length > rank || constant.dims.some((dim, at) => dim !== 1 && (at !== axis || dim !== channels))) return null
  const values = floatValues(constant)
  return values.length === channels ? Float32Array.from(values) : new Float32Array(channels).fill(values[0] ?? 0)
}

function float32(edit: Edit, graph: Graph, name: string): Tensor | null {
  const tensor = constantTensor(edit.document, graph, name)
  return tensor && isFloat32(tensor) && isReadable(tensor) ? tensor : null
}
