import { z } from 'zod'
import { floatAttribute, intAttribute, makeFloat } from '#shared/onnx/attributes'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import type { Graph, Node } from '#shared/onnx/records'
import { constantTensor } from './constants'
import { dropConstants, isFloat32Value, onlyReader, producerOf, removeUnread, shapeOf, type Site, visitNodes, withInput } from './fuse/graph-match'
import { definePass } from './pass'

const MICROSOFT = 'com.microsoft'

export const fuseSkipNormalization = definePass({
  name: 'fuse-skip-normalization',
  title: 'Fuse the sum before a normalization',
  description: "Puts onnxruntime's own SkipLayerNormalization in the place of a residual sum, the bias before it and the normalization behind it. The model then runs in onnxruntime only.",
  calibration: 'none',
  keepsResults: true,
  options: z.strictObject({}),
  run(edit) {
    const touched = new Set<Graph>()
    visitNodes(edit, inferTypes(edit.document), (site, node) => void (fuse(site, node) && touched.add(site.graph)))
    if (touched.size > 0) edit.requireOpset(MICROSOFT, 1)
    // What reads the sum may stand before the normalization that now gives it.
    for (const graph of touched) edit.sortTopologically(graph)
  },
})

function fuse(site: Site, node: Node): boolean {
  const { edit, graph } = site
  const isSimple = node.opType !== 'LayerNormalization'
  if (isSimple && node.opType !== 'SimplifiedLayerNormalization' && node.opType !== 'RMSNormalization') return false
  const sum = producerOf(site, node.inputs[0], 'Add')
  const [left = '', right = ''] = sum?.inputs ?? []
  const [shape, other] = [shapeOf(site, left), shapeOf(site, right)]
  const width = shape?.at(-1)
  if (!sum || !shape || !other || !isFloat32Value(site, left) || node.outputs.length > 1) return false
  // The operator takes tensors of three dimensions (or two) of the same shape, and normalizes the last.
  const isRowwise = intAttribute(node, 'axis', -1) === -1 || intAttribute(node, 'axis', -1) === shape.length - 1
  if (!isRowwise || typeof width !== 'number' || shape.length < 2 || shape.length > 3 || other.length !== shape.length || other.some((dim, at) => dim === null || dim !== shape[at])) return false
  const [, scale = '', shift = ''] = node.inputs
  if (constantTensor(edit.document, graph, scale)?.dims.join() !== String(width)) return false

  const biased = [left, right].map((name) => biasOf(site, name, width)).find((found) => found !== null) ?? null
  const terms = biased ? [biased.input, biased.node.outputs[0] === left ? right : left] : [left, right]
  const [output = ''] = node.outputs
  const [total = ''] = sum.outputs
  const isTotalRead = edit.document.uses(graph, total).length > 1
  // There onnxruntime's own optimisation leaves the two apart, and is right: on a CPU the fused kernel took three times as long as both.
  if (isTotalRead && !isSimple) return false
  const gone = edit.updateNode(graph, sum, { outputs: [''] })
  const inputs = [...terms, scale, ...(isSimple ? [] : [shift])]
  edit.updateNode(graph, node, {
    domain: MICROSOFT,
    opType: isSimple ? 'SkipSimplifiedLayerNormalization' : 'SkipLayerNormalization',
    inputs: biased ? [...inputs, biased.bias] : inputs,
    outputs: isTotalRead ? [output, '', '', total] : [output],
    attributes: [makeFloat('epsilon', floatAttribute(node, 'epsilon', 1e-5))],
  })
  edit.removeNode(graph, gone)
  if (biased) removeUnread(site, [biased.node])
  dropConstants(site, [...sum.inputs, ...(biased?.node.inputs ?? [])])
  return true
}

/** `input + bias`, with one number of the bias for each element of the last dimension, read by nothing but the sum. */
function biasOf(site: Site, name: string, width: number): { node: Node; input: string; bias: string } | null {
  const node = producerOf(site, name, 'Add')
  if (!node || !onlyReader(site, name, 'Add')) return null
  const parts = withInput(node, (each) => constantTensor(site.edit.document, site.graph, each)?.dims.join() === String(width))
  const isWhole = parts && shapeOf(site, parts[1])?.length === shapeOf(site, name)?.length && shapeOf(site, parts[1])?.at(-1) === width
  return isWhole ? { node, input: parts[1], bias: parts[0] } : null
}
