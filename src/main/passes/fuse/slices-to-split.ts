import { makeInt } from '#shared/onnx/attributes'
import { sameDomain } from '#shared/onnx/document'
import type { Node } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { isInFunction } from '../constants'
import { constantInts, dropConstants, removeUnread, shapeOf, type Site } from './graph-match'

interface Cut {
  readonly node: Node
  readonly start: number
  readonly end: number
}

/** Puts one Split in the place of the Slices that cut a value along one axis into parts without gaps. Needs opset 13. */
export function slicesToSplit(site: Site): void {
  const { edit, graph } = site
  if (!edit.document.graphs().includes(graph) || isInFunction(edit.document, graph)) return
  const groups = new Map<string, { source: string; axis: number; size: number; cuts: Cut[] }>()
  for (const node of graph.nodes) {
    const found = node.opType === 'Slice' && sameDomain(node.domain, '') ? cutOf(site, node) : null
    if (!found) continue
    const key = `${found.source} ${found.axis}`
    const group = groups.get(key) ?? { source: found.source, axis: found.axis, size: found.size, cuts: [] }
    group.cuts.push(found.cut)
    groups.set(key, group)
  }
  for (const { source, axis, size, cuts } of groups.values()) {
    const sorted = cuts.toSorted((a, b) => a.start - b.start)
    const isWhole = sorted.length > 1 && sorted.every(({ start }, at) => start === (sorted[at - 1]?.end ?? 0)) && sorted.at(-1)?.end === size
    const [first] = cuts
    if (!isWhole || !first) continue
    const outputs = sorted.map(({ node }) => node.outputs[0] ?? '')
    const split = edit.freshName(graph, `${source}.parts`)
    edit.setInitializer(graph, rawTensor(split, 'int64', [sorted.length], bytesOf(BigInt64Array.from(sorted, ({ start, end }) => BigInt(end - start)))))
    const detached = sorted.map(({ node }) => edit.updateNode(graph, node, { outputs: [''] }))
    edit.addNode(graph, { opType: 'Split', name: first.node.name, inputs: [source, split], outputs, attributes: [makeInt('axis', axis)] }, { before: first.node })
    removeUnread(site, detached)
    dropConstants(site, sorted.flatMap(({ node }) => node.inputs.slice(1)))
  }
}

/** A Slice in steps of one along one axis, with bounds that are constants. */
function cutOf(site: Site, node: Node): { source: string; axis: number; size: number; cut: Cut } | null {
  const [source = '', starts, ends, axes, steps] = node.inputs
  const shape = shapeOf(site, source)
  const [start, end, given = 0, step = 1] = [starts, ends, axes, steps].map((name) => (name ? constantInts(site, name)?.[0] : undefined))
  const isSingle = [starts, ends, axes, steps].every((name) => !name || constantInts(site, name)?.length === 1)
  if (!shape || !isSingle || !axes || start === undefined || end === undefined || step !== 1) return null
  const axis = given < 0 ? given + shape.length : given
  const size = shape[axis]
  if (typeof size !== 'number') return null
  const inside = (at: number) => Math.max(0, Math.min(size, at < 0 ? at + size : at))
  const cut = { node, start: inside(start), end: inside(end) }
  return cut.end > cut.start ? { source, axis, size, cut } : null
}
