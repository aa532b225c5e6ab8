import { z } from 'zod'
import { sameDomain } from '#shared/onnx/document'
import type { Graph, Node } from '#shared/onnx/records'
import { isInFunction, opsetVersion } from './constants'
import { quantizeAttention } from './dynamic/attention'
import { quantizeConv } from './dynamic/conv'
import { DynamicQuantizer, type DynamicRule } from './dynamic/dynamic-quantizer'
import { quantizeGather } from './dynamic/gather'
import { quantizeLstm } from './dynamic/lstm'
import { quantizeGemm, quantizeMatMul } from './dynamic/matmul'
import { quantizeRecurrent } from './dynamic/recurrent'
import { quantizeTiedTables } from './dynamic/tied-tables'
import { definePass, type PassContext } from './pass'
import { upgradeOpset } from '#shared/onnx/edit/upgrade-opset'

/** DynamicQuantizeLinear came with opset 11. */
const MINIMUM_OPSET = 11

const rules = {
  MatMul: { domain: '', rule: quantizeMatMul },
  Gemm: { domain: '', rule: quantizeGemm },
  Conv: { domain: '', rule: quantizeConv },
  LSTM: { domain: '', rule: quantizeLstm },
  GRU: { domain: '', rule: quantizeRecurrent },
  RNN: { domain: '', rule: quantizeRecurrent },
  Gather: { domain: '', rule: quantizeGather },
  Attention: { domain: 'com.microsoft', rule: quantizeAttention },
} as const satisfies Record<string, { domain: string; rule: DynamicRule }>

const opTypes = Object.keys(rules) as (keyof typeof rules)[]

const options = z.strictObject({
  weightType: z.enum(['int8', 'uint8']).default('int8').describe('Type of MatMul, Gemm, LSTM, GRU, RNN and Attention weights. Conv weights and tables are uint8 always: onnxruntime has no other kernels.'),
  perChannel: z.boolean().default(true).describe('A scale for each output channel: nearer to the float model, a little larger.'),
  reduceRange: z.boolean().default(false).describe('Use 7 bits, so that x86 processors without VNNI do not saturate. Phones do not need it.'),
  opTypes: z.array(z.enum(opTypes)).default([...opTypes]).describe('Kinds of nodes to quantize.'),
  nodes: z.array(z.string()).default([]).describe('Quantize only the nodes of these names; empty: all.'),
  excludeNodes: z.array(z.string()).default([]).describe('Leave the nodes of these names as they are.'),
  minElements: z.number().int().min(0).default(512).describe('Weights with fewer elements stay float: the nodes around them would take more room than they save.'),
})

export const quantizeDynamic = definePass({
  name: 'quantize-dynamic',
  title: 'Quantize dynamically',
  description: 'Stores weights as 8-bit integers and quantizes activations at run time. Needs no data; suits MatMul, Gemm and LSTM models best.',
  calibration: 'none',
  options,
  run(edit, chosen, context) {
    const quantizer = new DynamicQuantizer(edit, chosen)
    const isChosen = (node: Node) => {
      const known = opTypes.find((opType) => opType === node.opType)
      if (!known || !chosen.opTypes.includes(known) || !sameDomain(rules[known].domain, node.domain)) return false
      return (chosen.nodes.length === 0 || chosen.nodes.includes(node.name)) && !chosen.excludeNodes.includes(node.name)
    }
    const graphs = edit.document.graphs().filter((graph) => !isInFunction(edit.document, graph))
    if (!graphs.some((graph) => graph.nodes.some(isChosen))) return
    if (opsetVersion(edit.model) < MINIMUM_OPSET) {
      const refusal = upgradeOpset(edit, MINIMUM_OPSET)
      if (refusal) return context.report({ severity: 'warning', code: 'opset-too-old', ...refusal })
    }
    quantizeTiedTables(quantizer, graphs, isChosen)
    let done = 0
    for (const graph of graphs) {
      context.progress('quantizing', done / graphs.length, graph.name)
      done += quantizeGraph(quantizer, graph, isChosen, context)
    }
    quantizer.weights.removeUnread()
  },
})

function quantizeGraph(quantizer: DynamicQuantizer, graph: Graph, isChosen: (node: Node) => boolean, context: PassContext): number {
  for (const { id } of [...graph.nodes]) {
    const node = quantizer.edit.document.index(graph).nodes.get(id)
    if (!node || !isChosen(node)) continue
    context.signal.throwIfAborted()
    const refusal = rules[node.opType as keyof typeof rules].rule(quantizer, graph, node)
    if (refusal?.note) {
      context.report({ severity: 'warning', code: 'left-float', message: `${node.opType} '${node.name}' stays float: ${refusal.reason}.`, nodeId: node.id, nodeName: node.name })
    }
  }
  return 1
}
