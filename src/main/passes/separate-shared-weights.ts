import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Edit } from '#shared/onnx/document'
import type { Graph } from '#shared/onnx/records'
import { constantTensor } from './constants'

/**
 * Gives each reader of an int8 weight a copy of its own. onnxruntime 1.30 on x86, asked for integers that do not saturate, rewrites
 * such weights and fails where two nodes share one ("Attempt to replace the existing tensor"). For measuring only: the file stays small.
 */
export function separateSharedWeights(edit: Edit): void {
  for (const graph of edit.document.graphs()) {
    separateDequantized(edit, graph)
    separateTensors(edit, graph)
  }
}

function separateDequantized(edit: Edit, graph: Graph): void {
  for (const node of [...graph.nodes]) {
    const [output = ''] = node.outputs
    if (node.opType !== 'DequantizeLinear' || constantTensor(edit.document, graph, node.inputs[0] ?? '')?.dataType !== DATA_TYPES.int8.code) continue
    for (const use of edit.document.uses(graph, output).slice(1)) {
      if (!use.node || use.graph !== graph) continue
      const copy = edit.freshName(graph, output)
      const { id: _, ...fields } = node
      edit.addNode(graph, { ...fields, name: '', outputs: [copy] }, { after: node })
      edit.setInput(graph, use.node, use.input, copy)
    }
  }
}

function separateTensors(edit: Edit, graph: Graph): void {
  for (const tensor of [...graph.initializers]) {
    if (tensor.dataType !== DATA_TYPES.int8.code) continue
    for (const use of edit.document.uses(graph, tensor.name).slice(1)) {
      if (!use.node) continue
      const copy = edit.freshName(graph, tensor.name)
      edit.setInitializer(graph, { ...tensor, name: copy })
      edit.setInput(use.graph, use.node, use.input, copy)
    }
  }
}
