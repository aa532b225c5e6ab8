import { z } from 'zod'
import { floatAttribute, intAttribute, makeFloat } from '#shared/onnx/attributes'
import { type Edit, sameDomain } from '#shared/onnx/document'
import type { Graph, Node, Tensor } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { constantTensor, isFloat32, isInFunction, isReadable } from './constants'
import { definePass } from './pass'
import { floatValues } from './weight-store'

export const foldBatchNormalization = definePass({
  name: 'fold-batch-normalization',
  title: 'Fold batch normalization',
  description: 'Takes BatchNormalization into the weights of the Conv, ConvTranspose or Gemm before it. Without it, Conv cannot run on integers end to end.',
  calibration: 'none',
  keepsResults: true,
  options: z.strictObject({}),
  run(edit) {
    for (const graph of edit.document.graphs()) {
      if (isInFunction(edit.document, graph)) continue
      for (const { id } of [...graph.nodes]) {
        const node = edit.document.index(graph).nodes.get(id)
        if (node?.opType === 'BatchNormalization' && sameDomain(node.domain, '')) fold(edit, graph, node)
      }
    }
  },
})

function fold(edit: Edit, graph: Graph, normalization: Node): void {
  const { document } = edit
  const [input = '', ...affine] = normalization.inputs
  const [output = ''] = normalization.outputs
  const producer = document.index(graph).definition(input)
  const layer = producer?.kind === 'node' && sameDomain(producer.node.domain, '') ? producer.node : null
  // What the layer gives must be for the normalization alone, which must not be in training.
  if (!layer || output === '' || document.uses(graph, input).length !== 1 || normalization.outputs.slice(1).some((name) => name !== '')) return
  const [scale, shift, mean, variance] = affine.map((name) => float32Values(edit, graph, name))
  const weight = float32Tensor(edit, graph, layer.inputs[1] ?? '')
  const biasName = layer.inputs[2] ?? ''
  const bias = biasName === '' ? null : float32Values(edit, graph, biasName)
  if (!scale || !shift || !mean || !variance || !weight || (biasName !== '' && !bias)) return

  const outputs = outputChannels(layer, weight.dims)
  if (!outputs || (bias && bias.length !== outputs.count) || scale.length !== outputs.count) return
  const channels = outputs.count
  const beta = layer.opType === 'Gemm' ? floatAttribute(layer, 'beta', 1) : 1
  const epsilon = floatAttribute(normalization, 'epsilon', 1e-5)
  const factors = Float64Array.from({ length: channels }, (_, at) => (scale[at] as number) / Math.sqrt((variance[at] as number) + epsilon))
  const weights = floatValues(weight)
  const newWeights = weights.map((value, at) => value * (factors[outputs.of(at)] as number))
  const newBias = Float32Array.from(factors, (factor, at) => ((bias?.[at] ?? 0) * beta - (mean[at] as number)) * factor + (shift[at] as number))

  const store = (base: string, dims: readonly number[], values: Float32Array) => {
    const name = edit.freshName(graph, base)
    edit.setInitializer(graph, rawTensor(name, 'float32', dims, bytesOf(values)))
    return name
  }
  const read = [...layer.inputs.slice(1), ...affine]
  edit.removeNode(graph, edit.updateNode(graph, normalization, { inputs: [], outputs: [] }))
  const folded = edit.updateNode(graph, layer, {
    inputs: [layer.inputs[0] ?? '', store(`${weight.name}.normalized`, weight.dims, newWeights), store(`${weight.name}.bias`, [channels], newBias)],
    outputs: [output],
  })
  if (beta !== 1) edit.setAttribute(graph, folded, 'beta', makeFloat('beta', 1))
  edit.updateGraph(graph, { valueInfo: graph.valueInfo.filter(({ name }) => name !== input) })
  for (const name of new Set(read)) {
    if (document.index(graph).initializers.has(name) && document.uses(graph, name).length === 0) edit.removeInitializer(graph, name)
  }
}

/** How many output channels a weight has, and to which its element at an index belongs; null for other operators and forms. */
function outputChannels(layer: Node, dims: readonly number[]): { count: number; of: (at: number) => number } | null {
  const [first = 0, second = 0, ...kernel] = dims
  const inner = kernel.reduce((product, size) => product * size, 1)
  switch (layer.opType) {
    case 'Conv':
      return { count: first, of: (at) => Math.floor(at / (second * inner)) }
    case 'ConvTranspose': {
      // [inputs, outputs of a group, …kernel]: which outputs those are depends on the group of the input.
      const groups = intAttribute(layer, 'group', 1)
      return { count: second * groups, of: (at) => Math.floor(Math.floor(at / (second * inner)) / (first / groups)) * second + (Math.floor(at / inner) % second) }
    }
    case 'Gemm':
      if (kernel.length > 0) return null
      return intAttribute(layer, 'transB', 0) !== 0 ? { count: first, of: (at) => Math.floor(at / second) } : { count: second, of: (at) => at % second }
    default:
      return null
  }
}

function float32Tensor(edit: Edit, graph: Graph, name: string): Tensor | null {
  const tensor = constantTensor(edit.document, graph, name)
  return tensor && isFloat32(tensor) && isReadable(tensor) ? tensor : null
}

function float32Values(edit: Edit, graph: Graph, name: string): Float32Array | null {
  const tensor = float32Tensor(edit, graph, name)
  return tensor ? floatValues(tensor) : null
}
