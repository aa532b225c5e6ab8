import { z } from 'zod'
import { intAttribute } from '#shared/onnx/attributes'
import type { Edit } from '#shared/onnx/document'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import type { Dim, Graph, Node } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { opsetVersion } from './constants'
import { constantInts, dropConstants, onlyReader, producerOf, removeUnread, scalarOf, shapeOf, type Site, visitNodes } from './fuse/graph-match'
import { slicesToSplit } from './fuse/slices-to-split'
import { definePass } from './pass'

export const simplifyDataMovement = definePass({
  name: 'simplify-data-movement',
  title: 'Clean up Slice, Concat and Reshape',
  description: 'Takes out Slice, Expand, Tile, Pad and arithmetic that change nothing, joins Concat with Concat and chains of Reshape, and puts one Split in the place of Slices that cut a value in parts.',
  calibration: 'none',
  keepsResults: true,
  options: z.strictObject({}),
  run(edit) {
    const types = inferTypes(edit.document)
    visitNodes(edit, types, (site, node) => {
      if (changesNothing(site, node)) bypass(site, node)
      else if (node.opType === 'Concat') joinConcats(site, node)
      else if (isReshaping(node)) joinReshapings(site, node)
    })
    // Since opset 13 the parts of a Split are an input.
    if (opsetVersion(edit.model) >= 13) for (const graph of edit.document.graphs()) slicesToSplit({ edit, graph, types })
  },
})

function changesNothing(site: Site, node: Node): boolean {
  const [input, second] = node.inputs
  const isSameShape = () => sameShape(shapeOf(site, input), shapeOf(site, node.outputs[0]))
  switch (node.opType) {
    case 'Concat':
      return node.inputs.length === 1
    case 'Sum':
    case 'Max':
    case 'Min':
    case 'Mean':
      return node.inputs.length === 1
    case 'Slice':
      return node.inputs.length >= 3 && (!node.inputs[4] || constantInts(site, node.inputs[4])?.every((step) => step === 1) === true) && isSameShape()
    case 'Expand':
    case 'Tile':
      return isSameShape()
    case 'Pad':
      return constantInts(site, second)?.every((pad) => pad === 0) === true
    case 'Mul':
      return isConstant(site, second, 1) && isSameShape()
    case 'Div':
      return isConstant(site, second, 1) && isSameShape()
    case 'Add':
    case 'Sub':
      return isConstant(site, second, 0) && isSameShape()
    default:
      return false
  }
}

function isConstant(site: Site, name: string | undefined, value: number): boolean {
  return scalarOf(site, name) === value
}

/** Whether two shapes are the same and known, by number or by symbol. */
function sameShape(a: readonly Dim[] | null, b: readonly Dim[] | null): boolean {
  return a !== null && b !== null && a.length === b.length && a.every((dim, at) => dim !== null && dim === b[at])
}

/** Its readers read its input. What a graph gives out keeps its name, and so its node. */
function bypass({ edit, graph }: Site, node: Node, input = node.inputs[0] ?? ''): void {
  const [output = ''] = node.outputs
  if (edit.document.uses(graph, output).some((use) => use.node === null)) return
  edit.replaceUses(graph, output, input)
  removeUnread({ edit, graph }, [node])
  dropConstants({ edit, graph }, node.inputs.slice(1))
}

/** Concat of what Concats along the same axis made → one of all their inputs. */
function joinConcats(site: Site, node: Node): void {
  const { edit, graph } = site
  const rank = shapeOf(site, node.outputs[0])?.length
  const axis = (each: Node) => {
    const given = intAttribute(each, 'axis', 0)
    return given < 0 && rank !== undefined ? given + rank : given
  }
  const inner = node.inputs.map((name) => {
    const producer = producerOf(site, name, 'Concat')
    return producer && onlyReader(site, name) && node.inputs.filter((other) => other === name).length === 1 && axis(producer) === axis(node) ? producer : null
  })
  if (inner.every((producer) => producer === null)) return
  edit.updateNode(graph, node, { inputs: node.inputs.flatMap((name, at) => inner[at]?.inputs ?? [name]) })
  removeUnread({ edit, graph }, inner.filter((producer) => producer !== null))
}

function isReshaping(node: Node): boolean {
  return /^(Reshape|Flatten|Squeeze|Unsqueeze)$/.test(node.opType)
}

/** Two in a row: none where the second gives the shape back, else one Reshape where the shape is known. */
function joinReshapings(site: Site, node: Node): void {
  const { edit, graph } = site
  const first = producerOf(site, node.inputs[0], 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze')
  if (!first) return
  const [source = ''] = first.inputs
  const [before, after] = [shapeOf(site, source), shapeOf(site, node.outputs[0])]
  if (sameShape(before, after)) {
    bypass(site, node, source)
    removeUnread({ edit, graph }, [first])
    dropConstants({ edit, graph }, first.inputs.slice(1))
    return
  }
  const dims = after?.filter((dim) => typeof dim === 'number' && dim > 0)
  if (!after || !dims || dims.length < after.length || !onlyReader(site, first.outputs[0])) return
  const shape = storeShape(edit, graph, node, after)
  const read = [...node.inputs.slice(1), ...first.inputs.slice(1)]
  edit.updateNode(graph, node, { opType: 'Reshape', inputs: [source, shape], attributes: [] })
  removeUnread({ edit, graph }, [first])
  dropConstants({ edit, graph }, read)
}

function storeShape(edit: Edit, graph: Graph, node: Node, dims: readonly Dim[]): string {
  const name = edit.freshName(graph, `${node.outputs[0] ?? ''}.shape`)
  edit.setInitializer(graph, rawTensor(name, 'int64', [dims.length], bytesOf(BigInt64Array.from(dims, (dim) => BigInt(Number(dim))))))
  return name
}
