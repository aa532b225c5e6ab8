import type { Graph, Node, Tensor, ValueInfo } from './records'

/** Where a value of a graph comes from. */
export type Definition =
  | { readonly kind: 'node'; readonly node: Node; readonly output: number }
  | { readonly kind: 'input'; readonly value: ValueInfo }
  | { readonly kind: 'initializer'; readonly tensor: Tensor }

/** One place in which a value is read. `node` is null where the graph itself gives it out. */
export interface Use {
  readonly graph: Graph
  readonly node: Node | null
  readonly input: number
}

/** Graphs held by a node's attributes (the branches of If, the bodies of Loop and Scan). */
export function subgraphsOf(node: Node): Graph[] {
  return node.attributes.flatMap((attribute) =>
    attribute.type === 'graph' ? [attribute.value] : attribute.type === 'graphs' ? attribute.value : [],
  )
}

/**
 * Use-def links of one graph, subgraphs not included. Only the document writes to it.
 * A value is known by its name, which is unique in its graph.
 */
export class GraphIndex {
  readonly nodes = new Map<number, Node>()
  readonly initializers = new Map<string, Tensor>()
  /** Nodes of this graph that hold subgraphs. */
  readonly nesting = new Set<number>()
  readonly #producers = new Map<string, number>()
  readonly #consumers = new Map<string, Set<number>>()

  constructor(
    readonly graph: Graph,
    /** The graph and node around a subgraph; null for the main graph and for functions. */
    readonly parent: { readonly graph: Graph; readonly nodeId: number } | null,
  ) {
    for (const node of graph.nodes) this.link(node)
    for (const tensor of graph.initializers) this.initializers.set(tensor.name, tensor)
  }

  link(node: Node): void {
    this.nodes.set(node.id, node)
    for (const name of node.outputs) if (name !== '') this.#producers.set(name, node.id)
    for (const name of node.inputs) {
      if (name === '') continue
      const consumers = this.#consumers.get(name)
      if (consumers) consumers.add(node.id)
      else this.#consumers.set(name, new Set([node.id]))
    }
    if (node.attributes.some(({ type }) => type === 'graph' || type === 'graphs')) this.nesting.add(node.id)
  }

  unlink(node: Node): void {
    this.nodes.delete(node.id)
    this.nesting.delete(node.id)
    for (const name of node.outputs) if (this.#producers.get(name) === node.id) this.#producers.delete(name)
    for (const name of node.inputs) {
      const consumers = this.#consumers.get(name)
      consumers?.delete(node.id)
      if (consumers?.size === 0) this.#consumers.delete(name)
    }
  }

  /** What gives `name` its value in this graph, or null (then it may come from the graph around). */
  definition(name: string): Definition | null {
    const nodeId = this.#producers.get(name)
    const node = nodeId === undefined ? undefined : this.nodes.get(nodeId)
    if (node) return { kind: 'node', node, output: node.outputs.indexOf(name) }
    // An initializer with the name of an input is that input's default.
    const tensor = this.initializers.get(name)
    if (tensor) return { kind: 'initializer', tensor }
    const value = this.graph.inputs.find((input) => input.name === name)
    return value ? { kind: 'input', value } : null
  }

  /** Nodes of this graph that read `name`, in no particular order. */
  consumers(name: string): Node[] {
    return [...(this.#consumers.get(name) ?? [])].flatMap((id) => this.nodes.get(id) ?? [])
  }
}
