import type { GraphView, NodeView, TensorView } from '#shared/ipc/model-view'

/** Who makes and who reads each value of one graph. */
export interface GraphLookup {
  readonly nodes: ReadonlyMap<number, NodeView>
  readonly producers: ReadonlyMap<string, NodeView>
  readonly consumers: ReadonlyMap<string, readonly NodeView[]>
  readonly initializers: ReadonlyMap<string, TensorView>
}

const cache = new WeakMap<GraphView, GraphLookup>()

/** Built once for each view: views are replaced, never changed. */
export function graphLookup(view: GraphView): GraphLookup {
  const known = cache.get(view)
  if (known !== undefined) return known
  const producers = new Map<string, NodeView>()
  const consumers = new Map<string, NodeView[]>()
  for (const node of view.nodes) {
    for (const name of node.outputs) if (name !== '') producers.set(name, node)
    for (const name of new Set(node.inputs)) {
      if (name === '') continue
      const readers = consumers.get(name)
      if (readers === undefined) consumers.set(name, [node])
      else readers.push(node)
    }
  }
  const lookup: GraphLookup = {
    nodes: new Map(view.nodes.map((node) => [node.id, node])),
    producers,
    consumers,
    initializers: new Map(view.initializers.map((tensor) => [tensor.name, tensor])),
  }
  cache.set(view, lookup)
  return lookup
}

/** The name for people: nodes need not have one. */
export function nodeLabel(node: Pick<NodeView, 'id' | 'name' | 'opType'>): string {
  return node.name === '' ? `${node.opType} #${node.id}` : node.name
}
