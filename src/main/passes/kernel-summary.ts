import type { Diagnostic } from '#shared/diagnostic'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { OptimizeReport } from '#shared/ipc/jobs'
import { sameDomain } from '#shared/onnx/document'
import { subgraphsOf } from '#shared/onnx/graph-index'
import type { Graph, Model, Node } from '#shared/onnx/records'
import type { ReadonlyDocument } from './pass'

type KernelSummary = NonNullable<OptimizeReport['kernels']>

/** Operators that compute on 8-bit integers, by how their names begin. */
const INTEGER_KERNELS = /^(QLinear|QGemm|QAttention|QEmbed|QMoE|MatMulInteger|ConvInteger|DynamicQuantize(MatMul|LSTM)|NhwcMaxPool|QOrdered)/
const FLOAT_COMPUTE = /^(Nhwc)?(Fused)?(Conv|Gemm|MatMul)$/

/** What really runs, read from a graph as onnxruntime optimised it. */
export function summarizeKernels(optimized: Model): KernelSummary {
  const opCounts: Record<string, number> = {}
  let integerKernels = 0
  for (const { opType } of allNodes(optimized.graph)) {
    opCounts[opType] = (opCounts[opType] ?? 0) + 1
    if (INTEGER_KERNELS.test(opType)) integerKernels++
  }
  return { opCounts: Object.fromEntries(Object.entries(opCounts).sort(([a], [b]) => (a < b ? -1 : 1))), integerKernels }
}

/**
 * A diagnostic for each Conv, Gemm and MatMul of `document` that has a quantized weight and that onnxruntime still computes in
 * float, with the reason where it can be seen in the graph.
 */
export function findFloatKernels(document: ReadonlyDocument, optimized: Model): Diagnostic[] {
  const names = new Set<string>()
  for (const node of allNodes(optimized.graph)) {
    if (!FLOAT_COMPUTE.test(node.opType)) continue
    if (node.name !== '') names.add(node.name)
    for (const output of node.outputs) names.add(output)
  }
  const { graph } = document.model
  return graph.nodes.filter(isQuantized(document, graph)).flatMap((node): Diagnostic[] => {
    if (!names.has(node.name) && !names.has(node.outputs[0] ?? '')) return []
    return [
      {
        severity: 'warning',
        code: 'not-fused',
        message: `${node.opType} '${node.name}' is quantized, but onnxruntime computes it in float on this computer: ${reasonOf(document, graph, node)}.`,
        nodeId: node.id,
        nodeName: node.name,
      },
    ]
  })
}

function isQuantized(document: ReadonlyDocument, graph: Graph): (node: Node) => boolean {
  return (node) => /^(Conv|Gemm|MatMul)$/.test(node.opType) && sameDomain(node.domain, '') && producerType(document, graph, node.inputs[1] ?? '') === 'DequantizeLinear'
}

function reasonOf(document: ReadonlyDocument, graph: Graph, node: Node): string {
  if (producerType(document, graph, node.inputs[0] ?? '') !== 'DequantizeLinear') return 'its activation is not quantized'
  if (node.inputs[2] && producerType(document, graph, node.inputs[2]) !== 'DequantizeLinear') return 'its bias is not quantized'
  const [output = ''] = node.outputs
  const readers = document.uses(graph, output)
  if (node.opType === 'Conv' && readers.some((use) => use.node === null)) return 'its float output is an output of the model'
  if (node.opType === 'Conv' && (readers.length !== 1 || readers[0]?.node?.opType !== 'QuantizeLinear')) return 'its output is not quantized at once'
  const types = [node.inputs[0] ?? '', node.inputs[1] ?? ''].map((name) => quantizedType(document, graph, name))
  if (types[0] === DATA_TYPES.int8.code && types[1] !== DATA_TYPES.int8.code) return 'int8 activations need int8 weights'
  return 'it has no integer kernel for this form of the operator'
}

function producerType(document: ReadonlyDocument, graph: Graph, name: string): string | null {
  const definition = document.index(graph).definition(name)
  return definition?.kind === 'node' ? definition.node.opType : null
}

/** The data type of the zero point of the DequantizeLinear that gives `name`. */
function quantizedType(document: ReadonlyDocument, graph: Graph, name: string): number | null {
  const definition = document.index(graph).definition(name)
  const zeroPoint = definition?.kind === 'node' ? definition.node.inputs[2] : undefined
  return zeroPoint ? (document.initializer(graph, zeroPoint)?.dataType ?? null) : null
}

function* allNodes(graph: Graph): Generator<Node> {
  for (const node of graph.nodes) {
    yield node
    for (const inner of subgraphsOf(node)) yield* allNodes(inner)
  }
}
