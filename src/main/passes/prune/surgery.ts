/** Cutting channels out of a model: weights sliced, and the numbers in nodes that name sizes rewritten. */
import { makeInts } from '#shared/onnx/attributes'
import type { Edit } from '#shared/onnx/document'
import type { Graph, Node, Tensor, ValueInfo } from '#shared/onnx/records'
import { bytesOf, rawTensor, tensorBytes } from '#shared/onnx/tensor-data'
import { dataTypeName, rawByteLength } from '#shared/onnx/data-type'
import type { Axes, ChannelMap } from './channel-space'
import type { Trace } from './trace'

/** Indices along a map that stay. */
export type Kept = (map: ChannelMap) => number[]

/** A node that names sizes; `apply` rewrites it for what stays. Only called where one of `maps` loses channels. */
export interface NodeFix {
  readonly nodeId: number
  readonly maps: readonly ChannelMap[]
  readonly apply: (edit: FixEdit, node: Node, kept: Kept) => void
}

/** What a fix may do. */
export interface FixEdit {
  readonly edit: Edit
  readonly graph: Graph
  /** An input that becomes these int64 numbers. */
  setInts(node: Node, input: number, values: readonly number[]): void
}

/** Removes the channels (by their representatives) from everything that has them. The document is the traced one, or a copy of it. */
export function removeChannels(edit: Edit, trace: Trace, removed: ReadonlySet<number>): void {
  const { space } = trace
  const graph = edit.main
  const isGone = (channel: number) => removed.has(space.root(channel))
  const kept: Kept = (map) => [...map.keys()].filter((at) => !isGone(map[at] as number))
  for (const fix of trace.fixes) {
    const node = edit.document.index(graph).nodes.get(fix.nodeId)
    if (node && fix.maps.some((map) => map.some(isGone))) fix.apply(fixEdit(edit, graph), node, kept)
  }
  const shortened = new Set<string>()
  for (const [name, axes] of trace.axes) {
    if (!axes.some((map) => map?.some(isGone))) continue
    shortened.add(name)
    cutConstant(edit, trace, name, { axes, kept })
  }
  edit.updateGraph(graph, { valueInfo: graph.valueInfo.filter(({ name }: ValueInfo) => !shortened.has(name)) })
}

function cutConstant(edit: Edit, trace: Trace, name: string, { axes, kept }: { axes: Axes; kept: Kept }): void {
  const graph = edit.main
  const index = edit.document.index(graph)
  const tensor = index.initializers.get(name)
  if (tensor) return edit.setInitializer(graph, sliceTensor(tensor, axes.map((map) => (map ? kept(map) : null))))
  const found = index.definition(name)
  if (found?.kind !== 'node' || found.node.opType !== 'ConstantOfShape') return
  const sizes = (trace.constantDims(name) ?? []).map((size, axis) => {
    const map = axes[axis]
    return map ? kept(map).length : size
  })
  fixEdit(edit, graph).setInts(found.node, 0, sizes)
}

function fixEdit(edit: Edit, graph: Graph): FixEdit {
  return {
    edit,
    graph,
    setInts(node, input, values) {
      const name = edit.freshName(graph, `${node.outputs[0] ?? node.opType}.sizes`)
      edit.setInitializer(graph, rawTensor(name, 'int64', [values.length], bytesOf(BigInt64Array.from(values, BigInt))))
      const current = edit.document.index(graph).nodes.get(node.id) ?? node
      const inputs = [...current.inputs]
      while (inputs.length <= input) inputs.push('')
      inputs[input] = name
      edit.updateNode(graph, current, { inputs })
    },
  }
}

/** The tensor with only the given indices of each axis (all where null), in the same storage type. */
export function sliceTensor(tensor: Tensor, indices: readonly (readonly number[] | null)[]): Tensor {
  const type = dataTypeName(tensor.dataType)
  const width = rawByteLength(tensor.dataType, 1)
  if (type === null || width === null || rawByteLength(tensor.dataType, 2) !== 2 * width) throw new Error(`internal: values of '${tensor.name}' cannot be cut`)
  let bytes = tensorBytes(tensor)
  let dims = [...tensor.dims]
  for (const [axis, kept] of indices.entries()) {
    if (!kept) continue
    bytes = sliceAxis(bytes, dims, { axis, kept, width })
    dims = dims.with(axis, kept.length)
  }
  return { ...rawTensor(tensor.name, type, dims, bytes), ...(tensor.docString !== undefined && { docString: tensor.docString }) }
}

function sliceAxis(bytes: Uint8Array, dims: readonly number[], { axis, kept, width }: { axis: number; kept: readonly number[]; width: number }): Uint8Array {
  const size = dims[axis] ?? 1
  const outer = product(dims.slice(0, axis))
  const inner = product(dims.slice(axis + 1)) * width
  const result = new Uint8Array(outer * kept.length * inner)
  let to = 0
  for (let row = 0; row < outer; row++) {
    for (const at of kept) {
      const from = (row * size + at) * inner
      result.set(bytes.subarray(from, from + inner), to)
      to += inner
    }
  }
  return result
}

function product(dims: readonly number[]): number {
  return dims.reduce((total, dim) => total * dim, 1)
}

/** An `ints` attribute, replaced. */
export function setIntsAttribute({ edit, graph }: FixEdit, node: Node, name: string, values: readonly number[]): void {
  edit.setAttribute(graph, node, name, makeInts(name, values))
}
