import { z } from 'zod'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import { liveMemory } from '#shared/onnx/memory/live-memory'
import { orderForMemory } from '#shared/onnx/memory/order-for-memory'
import { activationGraphOf } from '#shared/onnx/memory/plan-memory'
import { definePass } from './pass'

const options = z.strictObject({
  dims: z.record(z.string(), z.number().int().positive()).default({}).describe('Sizes to assume for symbolic dimensions of the inputs, by symbol or as input:axis. The model goes on taking any.'),
})

export const reorderNodes = definePass({
  name: 'reorder-nodes',
  title: 'Order nodes for less memory',
  description: 'Puts the nodes in an order in which fewer values wait at the same time, where that lowers the peak. For runtimes that run nodes as the file has them.',
  calibration: 'none',
  keepsResults: true,
  options,
  run(edit, { dims }, context) {
    edit.sortTopologically(edit.main)
    const graph = activationGraphOf(edit.document, inferTypes(edit.document, { dims }), edit.main)
    const order = orderForMemory(graph)
    const before = liveMemory(graph, graph.nodes.map((_, at) => at)).peakBytes
    const after = liveMemory(graph, order).peakBytes
    if (after >= before) return
    edit.reorderNodes(edit.main, order.flatMap((at) => graph.nodes[at] ?? []))
    context.report({ severity: 'info', code: 'peak-lowered', message: `The most that activations take at once went from ${before} to ${after} bytes.` })
  },
})
