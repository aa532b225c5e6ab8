import type { GraphChange } from '#shared/ipc/document-change'
import type { GraphView, NodeView } from '#shared/ipc/model-view'

/** The view after a change of its graph. Nodes that did not change stay the same objects. */
export function withGraphChange(view: GraphView, change: GraphChange): GraphView {
  return {
    ...view,
    name: change.name ?? view.name,
    nodes: changedNodes(view.nodes, change),
    inputs: change.inputs ?? view.inputs,
    outputs: change.outputs ?? view.outputs,
    initializers: change.initializers ?? view.initializers,
    ...(change.inputNames !== undefined && { inputNames: change.inputNames }),
    values: changedValues(view.values, change),
  }
}

function changedNodes(nodes: readonly NodeView[], { nodes: changed, removedNodes, nodeOrder }: GraphChange): NodeView[] {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  for (const id of removedNodes) byId.delete(id)
  for (const node of changed) byId.set(node.id, node)
  if (nodeOrder === undefined) return [...byId.values()]
  return nodeOrder.map((id) => {
    const node = byId.get(id)
    if (node === undefined) throw new Error(`internal: the change orders node ${id}, which the view does not have`)
    return node
  })
}

function changedValues(values: GraphView['values'], change: GraphChange): GraphView['values'] {
  if (change.removedValues.length === 0 && Object.keys(change.values).length === 0) return values
  const next = { ...values, ...change.values }
  const removed = new Set(change.removedValues)
  return removed.size === 0 ? next : Object.fromEntries(Object.entries(next).filter(([name]) => !removed.has(name)))
}
