import { z } from 'zod'
import { floatAttribute, intAttribute, intsAttribute, makeInt, makeInts, stringAttribute } from '#shared/onnx/attributes'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import type { Node } from '#shared/onnx/records'
import { constantInts, dropConstants, onlyReader, scalarOf, type Site, visitNodes } from './fuse/graph-match'
import { definePass } from './pass'

export const foldPads = definePass({
  name: 'fold-pads',
  title: 'Fold Pad into Conv',
  description: 'Takes a Pad with zeros around the picture into the padding of the Conv or AveragePool behind it.',
  calibration: 'none',
  keepsResults: true,
  options: z.strictObject({}),
  run(edit) {
    visitNodes(edit, inferTypes(edit.document), (site, node) => {
      const reader = node.opType === 'Pad' ? onlyReader(site, node.outputs[0], 'Conv', 'AveragePool') : null
      if (reader && reader.inputs[0] === node.outputs[0]) fold(site, node, reader)
    })
  },
})

function fold(site: Site, pad: Node, reader: Node): void {
  const { edit, graph } = site
  const own = padsOf(site, pad)
  const spatial = own && own.length / 2 - 2
  if (!own || !spatial || spatial < 1 || stringAttribute(reader, 'auto_pad', 'NOTSET') !== 'NOTSET') return
  // Batch and channels must be left alone, and nothing may be cut off.
  if ([0, 1, spatial + 2, spatial + 3].some((at) => own[at] !== 0) || own.some((size) => size < 0)) return
  const around = [...own.slice(2, 2 + spatial), ...own.slice(4 + spatial)]
  const before = intsAttribute(reader, 'pads', around.map(() => 0))
  const isPool = reader.opType === 'AveragePool'
  // The mean counts what Pad put there, but not the pooling's own padding unless it is told to; at a rounded-up end the two differ too.
  if (isPool && ((before.some((size) => size !== 0) && intAttribute(reader, 'count_include_pad', 0) === 0) || intAttribute(reader, 'ceil_mode', 0) !== 0)) return
  const padded = edit.setAttribute(graph, reader, 'pads', makeInts('pads', around.map((size, at) => size + (before[at] ?? 0))))
  const counted = isPool ? edit.setAttribute(graph, padded, 'count_include_pad', makeInt('count_include_pad', 1)) : padded
  edit.setInput(graph, counted, 0, pad.inputs[0] ?? '')
  edit.removeNode(graph, pad)
  const gone = new Set(pad.outputs)
  edit.updateGraph(graph, { valueInfo: graph.valueInfo.filter(({ name }) => !gone.has(name)) })
  dropConstants(site, pad.inputs.slice(1))
}

/** Starts of all axes, then ends, of a Pad with zeros; null for other modes and values, and for pads that are not constants. */
function padsOf(site: Site, node: Node): readonly number[] | null {
  if (stringAttribute(node, 'mode', 'constant') !== 'constant' || (node.inputs[3] ?? '') !== '') return null
  // Before opset 11 pads and value were attributes.
  if (node.inputs.length < 2) return floatAttribute(node, 'value', 0) === 0 ? intsAttribute(node, 'pads', null) : null
  if (node.inputs[2] && scalarOf(site, node.inputs[2]) !== 0) return null
  return constantInts(site, node.inputs[1])
}
