import { z } from 'zod'
import { findAttribute, intAttribute, makeFloat } from '#shared/onnx/attributes'
import { dataTypeName } from '#shared/onnx/data-type'
import type { Edit } from '#shared/onnx/document'
import type { Graph, Node } from '#shared/onnx/records'
import { bytesOf, rawTensor, tensorFloats } from '#shared/onnx/tensor-data'
import { constantTensor, isFloat32, isInFunction, isReadable, opsetVersion } from './constants'
import { operatorsToPairs } from './convert/to-pairs'
import { definePass } from './pass'
import { quantizationRange, type QuantizedType } from './quantize-numerics'
import { realValues } from './real-values'

const CLIP_WITH_INPUTS = 11

export const dequantize = definePass({
  name: 'dequantize',
  title: 'Turn back into float',
  description: 'Makes a statically quantized model float again: weights take the values that their integers stand for, pairs become the Clip that they imply. What rounding lost stays lost.',
  calibration: 'none',
  options: z.strictObject({}),
  run(edit, _, context) {
    for (const graph of edit.document.graphs()) {
      if (isInFunction(edit.document, graph)) continue
      context.signal.throwIfAborted()
      operatorsToPairs(edit, graph)
      for (const node of [...graph.nodes]) {
        if (node.opType !== 'DequantizeLinear') continue
        const source = edit.document.index(graph).definition(node.inputs[0] ?? '')
        if (source?.kind === 'node' && source.node.opType === 'QuantizeLinear') toClip(edit, graph, node, source.node)
        else if (source?.kind === 'node' && source.node.opType === 'Gather') toTable(edit, graph, node, source.node)
        else toConstant(edit, graph, node)
      }
      for (const node of [...graph.nodes].toReversed()) {
        if (node.opType === 'QuantizeLinear' && node.outputs.every((name) => edit.document.uses(graph, name).length === 0)) removeWithConstants(edit, graph, node)
      }
      const left = graph.nodes.filter(({ opType }) => /^(QLinear|QGemm|Quantize|Dequantize|Dynamic|MatMulInteger|ConvInteger|QAttention)/.test(opType))
      if (left.length > 0) context.report({ severity: 'warning', code: 'left-quantized', message: `${left.length} nodes stay on integers: their scales are computed, or values move between them as integers.` })
    }
  },
})

/** A pair rounds and cuts off; the float form only cuts off. */
function toClip(edit: Edit, graph: Graph, node: Node, quantize: Node): void {
  const [scale, zeroPoint] = [node.inputs[1], node.inputs[2]].map((name) => constantTensor(edit.document, graph, name ?? ''))
  const type = zeroPoint ? dataTypeName(zeroPoint.dataType) : null
  if (!scale || !zeroPoint || !isFloat32(scale) || scale.dims.some((dim) => dim !== 1) || !isQuantizedType(type)) return
  const { qmin, qmax } = quantizationRange(type, { symmetric: false, reduceRange: false })
  const [step = 0, zero = 0] = [tensorFloats(scale)[0], tensorFloats(zeroPoint)[0]]
  const bounds = { min: Math.fround((qmin - zero) * step), max: Math.fround((qmax - zero) * step) }
  const [output = ''] = node.outputs
  const input = quantize.inputs[0] ?? ''
  if (opsetVersion(edit.model) < CLIP_WITH_INPUTS) {
    edit.updateNode(graph, node, { opType: 'Clip', domain: '', inputs: [input], attributes: [makeFloat('min', bounds.min), makeFloat('max', bounds.max)] })
  } else {
    const names = Object.entries(bounds).map(([end, value]) => {
      const name = edit.freshName(graph, `${output}.${end}`)
      edit.setInitializer(graph, rawTensor(name, 'float32', [], bytesOf(Float32Array.of(value))))
      return name
    })
    edit.updateNode(graph, node, { opType: 'Clip', domain: '', inputs: [input, ...names], attributes: [] })
  }
  removeUnread(edit, graph, node.inputs)
}

function toConstant(edit: Edit, graph: Graph, node: Node): void {
  const [values, scale, zeroPoint] = [0, 1, 2].map((at) => constantTensor(edit.document, graph, node.inputs[at] ?? ''))
  if (!values || !scale || !isFloat32(scale) || !isReadable(values) || ((node.inputs[2] ?? '') !== '' && !zeroPoint)) return
  // Blocks have scales of another shape; they are another operator in all but name.
  if (findAttribute(node, 'block_size')) return
  const [output = ''] = node.outputs
  if (edit.document.uses(graph, output).some((use) => use.node === null)) return
  const floats = realValues(values, { scale, zeroPoint: zeroPoint ?? null, axis: intAttribute(node, 'axis', 1) })
  const { dims } = values
  edit.removeNode(graph, edit.updateNode(graph, node, { inputs: [], outputs: [] }))
  edit.setInitializer(graph, rawTensor(output, 'float32', dims, bytesOf(floats)))
  removeUnread(edit, graph, node.inputs)
}

/** A table of integers whose rows become real after they are picked, with one scale for all. */
function toTable(edit: Edit, graph: Graph, node: Node, gather: Node): void {
  const [values, scale, zeroPoint] = [gather.inputs[0], node.inputs[1], node.inputs[2]].map((name) => constantTensor(edit.document, graph, name ?? ''))
  const [gathered = ''] = gather.outputs
  if (!values || !scale || !isFloat32(scale) || scale.dims.length > 0 || !isReadable(values) || ((node.inputs[2] ?? '') !== '' && !zeroPoint)) return
  if (edit.document.uses(graph, gathered).length !== 1) return
  const table = edit.freshName(graph, `${values.name}.real`)
  const floats = realValues(values, { scale, zeroPoint: zeroPoint ?? null, axis: 0 })
  edit.setInitializer(graph, rawTensor(table, 'float32', values.dims, bytesOf(floats)))
  const { outputs } = node
  edit.removeNode(graph, edit.updateNode(graph, node, { inputs: [], outputs: [] }))
  edit.updateNode(graph, gather, { inputs: [table, ...gather.inputs.slice(1)], outputs })
  removeUnread(edit, graph, [gather.inputs[0] ?? '', ...node.inputs])
}

function isQuantizedType(type: string | null): type is QuantizedType {
  return type === 'int8' || type === 'uint8' || type === 'int16' || type === 'uint16'
}

function removeWithConstants(edit: Edit, graph: Graph, node: Node): void {
  edit.removeNode(graph, node)
  removeUnread(edit, graph, node.inputs)
}

function removeUnread(edit: Edit, graph: Graph, names: readonly string[]): void {
  for (const name of new Set(names)) {
    if (edit.document.index(graph).initializers.has(name) && edit.document.uses(graph, name).length === 0) edit.removeInitializer(graph, name)
  }
}
