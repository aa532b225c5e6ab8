import { z } from 'zod'
import { intAttribute, intsAttribute, makeInts } from '#shared/onnx/attributes'
import { type Edit, sameDomain } from '#shared/onnx/document'
import { inferTypes, type TypeTable } from '#shared/onnx/infer/infer-types'
import type { Graph, Node } from '#shared/onnx/records'
import { tensorNumbers } from '#shared/onnx/tensor-data'
import { constantTensor, isInFunction } from './constants'
import { definePass } from './pass'

export const removeIdentities = definePass({
  name: 'remove-identities',
  title: 'Remove what changes nothing',
  description: 'Takes out Cast to the type a value has, Transpose that ends where it began, and Reshape to the same shape; joins consecutive ones.',
  calibration: 'none',
  keepsResults: true,
  options: z.strictObject({}),
  run(edit) {
    const types = inferTypes(edit.document)
    for (const graph of edit.document.graphs()) {
      if (isInFunction(edit.document, graph)) continue
      for (const { id } of [...graph.nodes]) {
        const node = edit.document.index(graph).nodes.get(id)
        if (!node || !sameDomain(node.domain, '')) continue
        const joined = node.opType === 'Transpose' ? joinTransposes(edit, graph, node) : node.opType === 'Reshape' ? joinReshapes(edit, graph, node) : node
        if (changesNothing(types, graph, joined)) bypass(edit, graph, joined)
      }
    }
  },
})

function changesNothing(types: TypeTable, graph: Graph, node: Node): boolean {
  const [before, after] = [node.inputs[0] ?? '', node.outputs[0] ?? ''].map((name) => types.typeOf(graph, name))
  switch (node.opType) {
    case 'Cast':
      return before?.kind === 'tensor' && before.dataType !== 0 && before.dataType === intAttribute(node, 'to', 0)
    case 'Transpose':
      return intsAttribute(node, 'perm', null)?.every((axis, at) => axis === at) === true
    case 'Reshape': {
      if (before?.kind !== 'tensor' || after?.kind !== 'tensor' || !before.shape || before.shape.length !== after.shape?.length) return false
      return before.shape.every((dim, at) => typeof dim === 'number' && dim === after.shape?.[at])
    }
    default:
      return false
  }
}

/** Transpose of a Transpose → one of the first one's input. */
function joinTransposes(edit: Edit, graph: Graph, node: Node): Node {
  const first = producerOf(edit, graph, node)
  const [outer, inner] = [node, first].map((each) => each && intsAttribute(each, 'perm', null))
  if (first?.opType !== 'Transpose' || !outer || !inner) return node
  const perm = outer.map((axis) => inner[axis] ?? 0)
  return readFrom(edit, graph, { node: edit.setAttribute(graph, node, 'perm', makeInts('perm', perm)), first })
}

/** Reshape of a Reshape → one of the first one's input, where the shape says nothing in terms of what lies between (a 0 does). */
function joinReshapes(edit: Edit, graph: Graph, node: Node): Node {
  const first = producerOf(edit, graph, node)
  const shape = constantTensor(edit.document, graph, node.inputs[1] ?? '')
  if (first?.opType !== 'Reshape' || !shape || [...tensorNumbers(shape)].some((dim) => Number(dim) === 0)) return node
  return readFrom(edit, graph, { node, first })
}

function producerOf(edit: Edit, graph: Graph, node: Node): Node | null {
  const definition = edit.document.index(graph).definition(node.inputs[0] ?? '')
  return definition?.kind === 'node' && sameDomain(definition.node.domain, '') ? definition.node : null
}

/** `node` reads what `first` reads; `first` goes where nobody else reads it. */
function readFrom(edit: Edit, graph: Graph, { node, first }: { node: Node; first: Node }): Node {
  const [between = ''] = first.outputs
  const moved = edit.setInput(graph, node, 0, first.inputs[0] ?? '')
  if (edit.document.uses(graph, between).length === 0) remove(edit, graph, first)
  return moved
}

/** Its readers read its input. What the graph gives out keeps its name, and so its node. */
function bypass(edit: Edit, graph: Graph, node: Node): void {
  const [output = ''] = node.outputs
  if (graph.outputs.some(({ name }) => name === output)) return
  // A subgraph that gives the value out must go on finding it under its name.
  if (edit.document.uses(graph, output).some((use) => use.node === null)) return
  edit.replaceUses(graph, output, node.inputs[0] ?? '')
  remove(edit, graph, node)
}

function remove(edit: Edit, graph: Graph, node: Node): void {
  edit.removeNode(graph, node)
  edit.updateGraph(graph, { valueInfo: graph.valueInfo.filter(({ name }) => !node.outputs.includes(name)) })
  for (const name of new Set(node.inputs.slice(1))) {
    if (edit.document.index(graph).initializers.has(name) && edit.document.uses(graph, name).length === 0) edit.removeInitializer(graph, name)
  }
}
