import { z } from 'zod'
import { type Edit, sameDomain } from '#shared/onnx/document'
import { inferTypes, type TypeTable } from '#shared/onnx/infer/infer-types'
import type { Graph, Node } from '#shared/onnx/records'
import { rawTensor, tensorBytes } from '#shared/onnx/tensor-data'
import { constantTensor, isFloat32, isInFunction, isReadable, opsetVersion } from './constants'
import { definePass } from './pass'

/** Gemm takes a bias of fewer dimensions than its result from here on. */
const MINIMUM_OPSET = 7

export const fuseMatMulAdd = definePass({
  name: 'fuse-matmul-add',
  title: 'Fuse MatMul and Add into Gemm',
  description: 'Writes the MatMul of a matrix and the Add of a constant bias behind it as one Gemm, which runs on integers with its bias.',
  calibration: 'none',
  keepsResults: true,
  options: z.strictObject({}),
  run(edit) {
    if (opsetVersion(edit.model) < MINIMUM_OPSET) return
    const types = inferTypes(edit.document)
    for (const graph of edit.document.graphs()) {
      if (isInFunction(edit.document, graph)) continue
      for (const { id } of [...graph.nodes]) {
        const node = edit.document.index(graph).nodes.get(id)
        if (node?.opType === 'MatMul' && sameDomain(node.domain, '')) fuse(edit, graph, node, types)
      }
    }
  },
})

function fuse(edit: Edit, graph: Graph, product: Node, types: TypeTable): void {
  const { document } = edit
  const [input = '', weightName = ''] = product.inputs
  const [made = ''] = product.outputs
  const [use, ...others] = document.uses(graph, made)
  const add = use?.node
  if (!add || use.graph !== graph || others.length > 0 || add.opType !== 'Add' || !sameDomain(add.domain, '')) return
  const type = types.typeOf(graph, input)
  const weight = constantTensor(document, graph, weightName)
  const biasName = add.inputs[1 - use.input] ?? ''
  const bias = constantTensor(document, graph, biasName)
  // Gemm is for matrices only.
  if (type?.kind !== 'tensor' || type.shape?.length !== 2 || !weight || !isFloat32(weight) || weight.dims.length !== 2) return
  const [, columns = 0] = weight.dims
  if (!bias || !isFloat32(bias) || !isReadable(bias) || bias.dims.length > 2 || bias.dims.at(-1) !== columns || bias.dims.slice(0, -1).some((dim) => dim !== 1)) return
  const vector = bias.dims.length === 1 ? biasName : edit.freshName(graph, `${biasName}.vector`)
  if (vector !== biasName) edit.setInitializer(graph, rawTensor(vector, 'float32', [columns], tensorBytes(bias)))
  const outputs = [...add.outputs]
  edit.removeNode(graph, edit.updateNode(graph, add, { inputs: [], outputs: [] }))
  edit.updateNode(graph, product, { opType: 'Gemm', inputs: [input, weightName, vector], outputs })
  edit.updateGraph(graph, { valueInfo: graph.valueInfo.filter(({ name }) => name !== made) })
  if (document.index(graph).initializers.has(biasName) && document.uses(graph, biasName).length === 0) edit.removeInitializer(graph, biasName)
}
