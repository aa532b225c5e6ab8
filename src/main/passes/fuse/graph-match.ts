/** What fusions ask of a graph, and how they put one node in the place of several. */
import { intAttribute, intsAttribute } from '#shared/onnx/attributes'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { type Edit, type NewNode, sameDomain } from '#shared/onnx/document'
import type { TypeTable } from '#shared/onnx/infer/infer-types'
import type { Dim, Graph, Node } from '#shared/onnx/records'
import { tensorFloats } from '#shared/onnx/tensor-data'
import { constantTensor, elementsOf, isInFunction, isReadable } from '../constants'

/** A graph under edit, with the types that its values had when the pass began. */
export interface Site {
  readonly edit: Edit
  readonly graph: Graph
  readonly types: TypeTable
}

/** Calls `visit` with each node of the default domain outside functions; nodes that went away since are passed over. */
export function visitNodes(edit: Edit, types: TypeTable, visit: (site: Site, node: Node) => void): void {
  for (const graph of edit.document.graphs()) {
    if (isInFunction(edit.document, graph)) continue
    for (const { id } of [...graph.nodes]) {
      const node = edit.document.index(graph).nodes.get(id)
      if (node && sameDomain(node.domain, '')) visit({ edit, graph, types }, node)
    }
  }
}

/** The node of the default domain in this graph that makes `name`, where it is one of `opTypes`. */
export function producerOf({ edit, graph }: Site, name: string | undefined, ...opTypes: readonly string[]): Node | null {
  const definition = name ? edit.document.index(graph).definition(name) : null
  if (definition?.kind !== 'node' || !sameDomain(definition.node.domain, '')) return null
  return opTypes.length === 0 || opTypes.includes(definition.node.opType) ? definition.node : null
}

/** The only place that reads `name`, where that is a node of the default domain in this graph and one of `opTypes`. */
export function onlyReader({ edit, graph }: Site, name: string | undefined, ...opTypes: readonly string[]): Node | null {
  const [use, more] = name ? edit.document.uses(graph, name) : []
  if (!use?.node || more || use.graph !== graph || !sameDomain(use.node.domain, '')) return null
  return opTypes.length === 0 || opTypes.includes(use.node.opType) ? use.node : null
}

/** The value of a constant with one element; null for every other. */
export function scalarOf({ edit, graph }: Site, name: string | undefined): number | null {
  const tensor = constantTensor(edit.document, graph, name ?? '')
  if (!tensor || !isReadable(tensor) || tensor.data.kind === 'strings' || elementsOf(tensor.dims) !== 1) return null
  return tensorFloats(tensor)[0] ?? null
}

/** Whether `name` is the constant `value`, to the precision in which exporters write it. */
export function isScalar(site: Site, name: string | undefined, value: number): boolean {
  const found = scalarOf(site, name)
  return found !== null && Math.abs(found - value) <= 1e-6 * Math.max(1, Math.abs(value))
}

/** The inputs of a node with two, the one for which `isWanted` holds first; null where neither does. */
export function withInput(node: Node, isWanted: (name: string) => boolean): readonly [wanted: string, other: string] | null {
  const [a = '', b = ''] = node.inputs
  if (node.inputs.length !== 2) return null
  return isWanted(a) ? [a, b] : isWanted(b) ? [b, a] : null
}

/** A constant and the other input of a node with two. */
export function withScalar(site: Site, node: Node, value: number): readonly [wanted: string, other: string] | null {
  return withInput(node, (name) => isScalar(site, name, value))
}

/** The shape of a tensor, or null where its rank is unknown. */
export function shapeOf({ types, graph }: Site, name: string | undefined): readonly Dim[] | null {
  const type = name ? types.typeOf(graph, name) : null
  return type?.kind === 'tensor' ? (type.shape ?? null) : null
}

export function isFloat32Value({ types, graph }: Site, name: string | undefined): boolean {
  const type = name ? types.typeOf(graph, name) : null
  return type?.kind === 'tensor' && type.dataType === DATA_TYPES.float32.code
}

/** The elements of a small constant of integers. */
export function constantInts({ edit, graph }: Site, name: string | undefined): number[] | null {
  const tensor = constantTensor(edit.document, graph, name ?? '')
  if (!tensor || !isReadable(tensor) || (tensor.dataType !== DATA_TYPES.int64.code && tensor.dataType !== DATA_TYPES.int32.code)) return null
  return [...tensorFloats(tensor)]
}

/** Axes of a reduction (an attribute, or since opset 18 an input), counted from the front and sorted; null where they are not known. */
export function reductionAxes(site: Site, node: Node, rank: number | undefined): number[] | null {
  const axes = node.inputs[1] ? constantInts(site, node.inputs[1]) : intsAttribute(node, 'axes', null)
  if (!axes || axes.length === 0 || rank === undefined) return null
  return axes.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b)
}

/** Whether a reduction leaves dimensions of 1 in place of those it takes away. */
export function keepsDims(node: Node): boolean {
  return intAttribute(node, 'keepdims', 1) === 1
}

/** What `inner` nodes make is read by the others and by `last` only. */
export function isClosed({ edit, graph }: Site, inner: readonly Node[], last: Node): boolean {
  const ids = new Set([...inner, last].map(({ id }) => id))
  return inner.every((node) => node.outputs.every((name) => name === '' || edit.document.uses(graph, name).every((use) => use.graph === graph && use.node !== null && ids.has(use.node.id))))
}

/**
 * Turns `last` into `made` (name, id and place stay; its outputs too unless `made` has others), and takes out the `inner` nodes that
 * nothing reads any more, with their constants.
 */
export function fuseInto({ edit, graph }: Site, inner: readonly Node[], last: Node, made: Pick<NewNode, 'opType' | 'domain' | 'inputs' | 'attributes'> & { readonly outputs?: readonly string[] }): Node {
  const read = [...inner, last].flatMap(({ inputs }) => inputs)
  const fused = edit.updateNode(graph, last, { domain: '', attributes: [], ...made })
  removeUnread({ edit, graph }, inner)
  dropConstants({ edit, graph }, read)
  return fused
}

/** Takes out those of `nodes` that nothing reads, as long as there are any. */
export function removeUnread({ edit, graph }: Pick<Site, 'edit' | 'graph'>, nodes: readonly Node[]): void {
  const present = edit.document.index(graph).nodes
  let left = [...new Set(nodes.map(({ id }) => id))]
  for (let before = -1; left.length !== before; ) {
    before = left.length
    left = left.filter((id) => {
      const node = present.get(id)
      if (!node) return false
      if (node.outputs.some((name) => name !== '' && edit.document.uses(graph, name).length > 0)) return true
      const gone = new Set(node.outputs)
      edit.removeNode(graph, node)
      if (graph.valueInfo.some(({ name }) => gone.has(name))) edit.updateGraph(graph, { valueInfo: graph.valueInfo.filter(({ name }) => !gone.has(name)) })
      return false
    })
  }
}

/** Takes out initializers of this graph that nothing reads any more; those that are inputs too are part of the interface. */
export function dropConstants({ edit, graph }: Pick<Site, 'edit' | 'graph'>, names: readonly string[]): void {
  for (const name of new Set(names)) {
    const isOwn = edit.document.index(graph).initializers.has(name) && !graph.inputs.some((input) => input.name === name)
    if (isOwn && edit.document.uses(graph, name).length === 0) edit.removeInitializer(graph, name)
  }
}
