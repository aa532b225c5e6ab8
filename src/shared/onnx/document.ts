/**
 * The open model: records, their use-def links, and the only code that changes either.
 *
 * A change is data ({@link Change}); a transaction is the list of its changes; undo applies them backwards. Positions in
 * lists are part of a change, so undoing restores the file's order and a save gives the same bytes again.
 */
import { AppError } from '../errors'
import { type Definition, GraphIndex, subgraphsOf, type Use } from './graph-index'
import { topologicalOrder } from './topological-order'
import type { Attribute, FunctionDefinition, Graph, Model, Node, OpsetImport, Tensor } from './records'

type GraphFields = Omit<Graph, 'id' | 'nodes' | 'initializers'>
type ModelFields = Omit<Model, 'graph'>

export type Change =
  | { readonly kind: 'node'; readonly graph: Graph; readonly index: number; readonly before: Node | null; readonly after: Node | null }
  | { readonly kind: 'initializer'; readonly graph: Graph; readonly index: number; readonly before: Tensor | null; readonly after: Tensor | null }
  | { readonly kind: 'order'; readonly graph: Graph; readonly before: readonly Node[]; readonly after: readonly Node[] }
  | { readonly kind: 'graph'; readonly graph: Graph; readonly before: Partial<GraphFields>; readonly after: Partial<GraphFields> }
  | { readonly kind: 'model'; readonly before: Partial<ModelFields>; readonly after: Partial<ModelFields> }

export interface Transaction {
  readonly label: string
  readonly changes: readonly Change[]
}

export interface NextIds {
  readonly node: number
  readonly graph: number
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type MutableGraph = Mutable<Graph> & { nodes: Node[]; initializers: Tensor[] }

export class ModelDocument {
  readonly model: Model
  readonly #indexes = new Map<Graph, GraphIndex>()
  #nextNodeId = 1
  #nextGraphId = 1
  /** Changes of the transaction under way, or null outside one. */
  #pending: Change[] | null = null

  /** Takes the model over: from now on only this document may change it. New ids begin at `next` at the earliest. */
  constructor(model: Model, next: NextIds = { node: 1, graph: 1 }) {
    this.model = model
    this.#adopt(model.graph, null)
    for (const definition of model.functions) this.#adopt(definition.body, null)
    this.#nextNodeId = Math.max(this.#nextNodeId, next.node)
    this.#nextGraphId = Math.max(this.#nextGraphId, next.graph)
  }

  /** The ids that the next new node and graph get. */
  get nextIds(): NextIds {
    return { node: this.#nextNodeId, graph: this.#nextGraphId }
  }

  /** Every graph: the main one first, then subgraphs and function bodies. */
  graphs(): Graph[] {
    return [...this.#indexes.keys()]
  }

  index(graph: Graph): GraphIndex {
    const index = this.#indexes.get(graph)
    if (!index) throw new Error('internal: the graph is not part of this document')
    return index
  }

  /** Resolves `name` as seen from `graph`, outward through the graphs around it. */
  definition(graph: Graph, name: string): { graph: Graph; definition: Definition } | null {
    for (let at: Graph | undefined = graph; at; at = this.index(at).parent?.graph) {
      const definition = this.index(at).definition(name)
      if (definition) return { graph: at, definition }
    }
    return null
  }

  /** The initializer that gives `name` its value as seen from `graph`, or null. */
  initializer(graph: Graph, name: string): Tensor | null {
    const found = this.definition(graph, name)?.definition
    return found?.kind === 'initializer' ? found.tensor : null
  }

  /** Every place that reads `name` of `graph`: its nodes, its outputs, and subgraphs that do not define the name themselves. */
  uses(graph: Graph, name: string): Use[] {
    const index = this.index(graph)
    const uses: Use[] = []
    for (const node of index.consumers(name)) {
      node.inputs.forEach((input, at) => input === name && uses.push({ graph, node, input: at }))
    }
    graph.outputs.forEach((output, at) => output.name === name && uses.push({ graph, node: null, input: at }))
    for (const id of index.nesting) {
      const node = index.nodes.get(id)
      for (const inner of node ? subgraphsOf(node) : []) {
        if (this.index(inner).definition(name) === null) uses.push(...this.uses(inner, name))
      }
    }
    return uses
  }

  /**
   * Runs `change` as one transaction. Where it throws, everything it did is taken back and the error goes on.
   * Passes are asynchronous, so the document counts as busy until the promise settles.
   */
  async transact(label: string, change: (edit: Edit) => void | Promise<void>): Promise<Transaction> {
    if (this.#pending) throw new Error('internal: a transaction is already under way')
    const pending: Change[] = []
    this.#pending = pending
    const [nextNodeId, nextGraphId] = [this.#nextNodeId, this.#nextGraphId]
    try {
      await change(new Edit(this, (made) => this.#make(made, pending), this.#ids))
      return { label, changes: pending }
    } catch (error) {
      for (const made of pending.toReversed()) this.#apply(inverse(made))
      // The same edits on the same file give the same ids, whatever failed in between: a draft is replayed by them.
      this.#nextNodeId = nextNodeId
      this.#nextGraphId = nextGraphId
      throw error
    } finally {
      this.#pending = null
    }
  }

  /** Takes a transaction back. Transactions are undone in the reverse of the order they were made in. */
  undo(transaction: Transaction): void {
    for (const made of transaction.changes.toReversed()) this.#apply(inverse(made))
  }

  redo(transaction: Transaction): void {
    for (const made of transaction.changes) this.#apply(made)
  }

  readonly #ids: IdAllocator = { node: () => this.#nextNodeId++, graph: () => this.#nextGraphId++ }

  #make(change: Change, pending: Change[]): void {
    if (this.#pending !== pending) throw new Error('internal: an edit was used after its transaction ended')
    this.#apply(change)
    pending.push(change)
  }

  #apply(change: Change): void {
    switch (change.kind) {
      case 'node': {
        const index = this.index(change.graph)
        const nodes = (change.graph as MutableGraph).nodes
        if (change.before) {
          index.unlink(change.before)
          for (const inner of subgraphsOf(change.before)) this.#release(inner)
        }
        if (change.before && change.after) nodes[change.index] = change.after
        else if (change.after) nodes.splice(change.index, 0, change.after)
        else nodes.splice(change.index, 1)
        if (change.after) {
          index.link(change.after)
          for (const inner of subgraphsOf(change.after)) this.#adopt(inner, { graph: change.graph, nodeId: change.after.id })
        }
        return
      }
      case 'initializer': {
        const { initializers } = this.index(change.graph)
        const tensors = (change.graph as MutableGraph).initializers
        if (change.before) initializers.delete(change.before.name)
        if (change.before && change.after) tensors[change.index] = change.after
        else if (change.after) tensors.splice(change.index, 0, change.after)
        else tensors.splice(change.index, 1)
        if (change.after) initializers.set(change.after.name, change.after)
        return
      }
      case 'order':
        ;(change.graph as MutableGraph).nodes = [...change.after]
        return
      case 'graph':
        Object.assign(change.graph as MutableGraph, change.after)
        return
      case 'model': {
        const functionsBefore = change.before.functions ?? []
        const functionsAfter = change.after.functions ?? []
        for (const { body } of functionsBefore) if (!functionsAfter.some((kept) => kept.body === body)) this.#release(body)
        Object.assign(this.model as Mutable<Model>, change.after)
        for (const { body } of functionsAfter) if (!this.#indexes.has(body)) this.#adopt(body, null)
        return
      }
    }
  }

  #adopt(graph: Graph, parent: GraphIndex['parent']): void {
    const own = graph as MutableGraph
    own.nodes = [...graph.nodes]
    own.initializers = [...graph.initializers]
    this.#indexes.set(graph, new GraphIndex(graph, parent))
    this.#nextGraphId = Math.max(this.#nextGraphId, graph.id + 1)
    for (const node of graph.nodes) {
      this.#nextNodeId = Math.max(this.#nextNodeId, node.id + 1)
      for (const inner of subgraphsOf(node)) this.#adopt(inner, { graph, nodeId: node.id })
    }
  }

  #release(graph: Graph): void {
    this.#indexes.delete(graph)
    for (const node of graph.nodes) for (const inner of subgraphsOf(node)) this.#release(inner)
  }
}

function inverse(change: Change): Change {
  return { ...change, before: change.after, after: change.before } as Change
}

interface IdAllocator {
  node(): number
  graph(): number
}

/** What a new node needs; the rest has defaults. */
export interface NewNode {
  readonly opType: string
  readonly domain?: string
  readonly name?: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes?: readonly Attribute[]
}

/** Where a new node stands in its graph's list. ONNX wants every node after those that feed it. */
export type Placement = { readonly before: Node } | { readonly after: Node } | 'end'

/** The verbs of a transaction. Each checks everything before it touches anything. */
export class Edit {
  readonly #make: (change: Change) => void
  readonly #ids: IdAllocator
  readonly #taken = new Map<Graph, Set<string>>()

  constructor(
    readonly document: ModelDocument,
    make: (change: Change) => void,
    ids: IdAllocator,
  ) {
    this.#make = make
    this.#ids = ids
  }

  get model(): Model {
    return this.document.model
  }

  get main(): Graph {
    return this.document.model.graph
  }

  /** An id for a node within a new subgraph or function body; nodes added by {@link addNode} get theirs there. */
  newNodeId(): number {
    return this.#ids.node()
  }

  /** An id for a new subgraph or function body. */
  newGraphId(): number {
    return this.#ids.graph()
  }

  addNode(graph: Graph, node: NewNode, placement: Placement = 'end'): Node {
    for (const output of node.outputs) this.#mustBeFree(graph, output)
    const made: Node = { attributes: [], domain: '', name: '', ...node, id: this.#ids.node() }
    const index =
      placement === 'end' ? graph.nodes.length : 'before' in placement ? this.#position(graph, placement.before) : this.#position(graph, placement.after) + 1
    this.#make({ kind: 'node', graph, index, before: null, after: made })
    return made
  }

  /** Removes a node whose outputs nobody reads any more. */
  removeNode(graph: Graph, node: Node): void {
    for (const output of node.outputs) {
      const use = output === '' ? undefined : this.document.uses(graph, output).find((found) => found.node?.id !== node.id)
      if (use) throw new Error(`internal: '${output}' of ${node.opType} '${node.name}' is still read by ${use.node ? `'${use.node.name}'` : 'the graph outputs'}`)
    }
    this.#make({ kind: 'node', graph, index: this.#position(graph, node), before: node, after: null })
  }

  /** Replaces any fields of a node but its id. Returns the node as it is now. */
  updateNode(graph: Graph, node: Node, fields: Partial<Omit<Node, 'id'>>): Node {
    for (const output of fields.outputs ?? []) if (!node.outputs.includes(output)) this.#mustBeFree(graph, output)
    const index = this.#position(graph, node)
    const before = graph.nodes[index] as Node
    const after = { ...before, ...fields }
    this.#make({ kind: 'node', graph, index, before, after })
    return after
  }

  setInput(graph: Graph, node: Node, input: number, name: string): Node {
    const current = this.document.index(graph).nodes.get(node.id) ?? node
    if (input < 0 || input > current.inputs.length) throw new Error(`internal: ${current.opType} has no input ${input}`)
    return this.updateNode(graph, current, { inputs: current.inputs.toSpliced(input, 1, name) })
  }

  /** Adds the attribute or replaces the one of its name; `null` removes it. */
  setAttribute(graph: Graph, node: Node, name: string, attribute: Attribute | null): Node {
    const current = this.document.index(graph).nodes.get(node.id) ?? node
    const at = current.attributes.findIndex((known) => known.name === name)
    const attributes = at < 0 ? [...current.attributes, ...(attribute ? [attribute] : [])] : current.attributes.toSpliced(at, 1, ...(attribute ? [attribute] : []))
    return this.updateNode(graph, current, { attributes })
  }

  /** Everything that reads `from` reads `to` instead. Graph outputs keep their names: see `renameValue` for those. */
  replaceUses(graph: Graph, from: string, to: string, only: (node: Node) => boolean = () => true): void {
    for (const use of this.document.uses(graph, from)) {
      if (use.node && only(use.node)) this.setInput(use.graph, use.node, use.input, to)
    }
  }

  /** Renames a value where it is made and wherever it is read, graph inputs and outputs included. */
  renameValue(graph: Graph, from: string, to: string): void {
    if (from === to) return
    const found = this.document.index(graph).definition(from)
    if (!found) throw new AppError({ code: 'not-found', message: `No value named '${from}' in graph '${graph.name}'.` })
    this.#mustBeFree(graph, to)
    const uses = this.document.uses(graph, from)
    // A subgraph's own value of that name would hide the renamed one from its readers.
    for (const use of uses) this.#mustBeFree(use.graph, to)
    if (found.kind === 'node') {
      this.updateNode(graph, found.node, { outputs: found.node.outputs.map((name) => (name === from ? to : name)) })
    }
    if (found.kind === 'initializer') this.setInitializer(graph, { ...found.tensor, name: to }, from)
    for (const use of uses) if (use.node) this.setInput(use.graph, use.node, use.input, to)
    const rename = <T extends { readonly name: string }>(values: readonly T[]) => values.map((value) => (value.name === from ? { ...value, name: to } : value))
    this.updateGraph(graph, { inputs: rename(graph.inputs), outputs: rename(graph.outputs), valueInfo: rename(graph.valueInfo) })
    for (const use of uses) {
      if (!use.node && use.graph !== graph) this.updateGraph(use.graph, { outputs: rename(use.graph.outputs) })
    }
    this.#taken.get(graph)?.add(to)
  }

  /** Adds an initializer, or replaces the one called `replaces` (by default its own name) in its place. */
  setInitializer(graph: Graph, tensor: Tensor, replaces: string = tensor.name): void {
    const before = this.document.index(graph).initializers.get(replaces) ?? null
    if (!before || replaces !== tensor.name) this.#mustBeFree(graph, tensor.name)
    const index = before ? graph.initializers.indexOf(before) : graph.initializers.length
    this.#make({ kind: 'initializer', graph, index, before, after: tensor })
    this.#taken.get(graph)?.add(tensor.name)
  }

  removeInitializer(graph: Graph, name: string): void {
    const before = this.document.index(graph).initializers.get(name)
    if (!before) throw new Error(`internal: no initializer '${name}'`)
    this.#make({ kind: 'initializer', graph, index: graph.initializers.indexOf(before), before, after: null })
  }

  /**
   * Makes `nodes` the nodes of the graph, by as few changes as that takes. Nodes are told apart by their ids; new ones have theirs
   * from {@link newNodeId}. Names are the caller's care: only the whole must be sound, not each step.
   */
  replaceNodes(graph: Graph, nodes: readonly Node[]): void {
    const kept = new Set(nodes.map(({ id }) => id))
    for (const [index, before] of [...graph.nodes.entries()].toReversed()) {
      if (!kept.has(before.id)) this.#make({ kind: 'node', graph, index, before, after: null })
    }
    const positions = new Map(graph.nodes.map(({ id }, index) => [id, index]))
    for (const after of nodes) {
      const index = positions.get(after.id) ?? -1
      const before = graph.nodes[index]
      if (before && before !== after) this.#make({ kind: 'node', graph, index, before, after })
    }
    nodes.forEach((after, index) => {
      if (!positions.has(after.id)) this.#make({ kind: 'node', graph, index: Math.min(index, graph.nodes.length), before: null, after })
    })
    if (nodes.some((node, at) => node !== graph.nodes[at])) this.#make({ kind: 'order', graph, before: graph.nodes, after: nodes })
  }

  /** Makes `tensors` the initializers of the graph, by as few changes as that takes. They are told apart by their names. */
  replaceInitializers(graph: Graph, tensors: readonly Tensor[]): void {
    const kept = new Set(tensors.map(({ name }) => name))
    const isInOrder = sameOrder(graph.initializers.filter(({ name }) => kept.has(name)), tensors)
    for (const [index, before] of [...graph.initializers.entries()].toReversed()) {
      if (!isInOrder || !kept.has(before.name)) this.#make({ kind: 'initializer', graph, index, before, after: null })
    }
    tensors.forEach((after, index) => {
      const before = graph.initializers[index]
      if (before === after) return
      this.#make({ kind: 'initializer', graph, index, before: before?.name === after.name ? before : null, after })
    })
  }

  updateGraph(graph: Graph, fields: Partial<GraphFields>): void {
    const before = Object.fromEntries(Object.keys(fields).map((key) => [key, graph[key as keyof GraphFields]]))
    this.#make({ kind: 'graph', graph, before, after: fields })
  }

  updateModel(fields: Partial<ModelFields>): void {
    const before = Object.fromEntries(Object.keys(fields).map((key) => [key, this.model[key as keyof ModelFields]]))
    this.#make({ kind: 'model', before, after: fields })
  }

  addFunction(definition: FunctionDefinition): void {
    this.updateModel({ functions: [...this.model.functions, definition] })
  }

  /** Declares that the model uses `domain` at `version`, if it does not already at that or a later one. */
  requireOpset(domain: string, version: number): void {
    const known = this.model.opsetImports.find((entry) => sameDomain(entry.domain, domain))
    if (known && known.version >= version) return
    const kept: OpsetImport[] = this.model.opsetImports.filter((entry) => entry !== known)
    this.updateModel({ opsetImports: [...kept, { ...known, domain: known?.domain ?? domain, version }] })
  }

  /** Puts every node after those that feed it, changing the order no more than that takes. Throws where there is a cycle. */
  sortTopologically(graph: Graph): void {
    const after = topologicalOrder(this.document, graph)
    if (after.some((node, at) => node !== graph.nodes[at])) this.#make({ kind: 'order', graph, before: graph.nodes, after })
  }

  /** Puts the nodes in another order: the same nodes, each after those that feed it. */
  reorderNodes(graph: Graph, after: readonly Node[]): void {
    const present = new Set(graph.nodes)
    if (after.length !== present.size || !after.every((node) => present.delete(node))) throw new Error('internal: a new order must have the same nodes')
    this.#make({ kind: 'order', graph, before: graph.nodes, after })
  }

  /** A value name that nothing in the graph, or in the graphs around and within it, has yet. */
  freshName(graph: Graph, base: string): string {
    const taken = this.#namesIn(graph)
    let name = base
    for (let n = 1; taken.has(name) || this.document.definition(graph, name) !== null; n++) name = `${base}_${n}`
    taken.add(name)
    return name
  }

  #namesIn(graph: Graph): Set<string> {
    let taken = this.#taken.get(graph)
    if (!taken) {
      taken = new Set()
      this.#collectNames(graph, taken)
      this.#taken.set(graph, taken)
    }
    return taken
  }

  #collectNames(graph: Graph, into: Set<string>): void {
    for (const { name } of [...graph.inputs, ...graph.initializers]) into.add(name)
    for (const node of graph.nodes) {
      for (const name of node.outputs) into.add(name)
      for (const inner of subgraphsOf(node)) this.#collectNames(inner, into)
    }
  }

  #mustBeFree(graph: Graph, name: string): void {
    if (name !== '' && this.document.index(graph).definition(name)) {
      throw new AppError({ code: 'invalid-model', message: `The name '${name}' is already taken in graph '${graph.name}'.`, hint: 'Choose another name.' })
    }
  }

  #position(graph: Graph, node: Node): number {
    const current = this.document.index(graph).nodes.get(node.id)
    const at = current ? graph.nodes.indexOf(current) : -1
    if (at < 0) throw new Error(`internal: ${node.opType} '${node.name}' is not in graph '${graph.name}'`)
    return at
  }
}

/** Whether those of `all` that `some` has stand in the order of `some`. */
function sameOrder(some: readonly Tensor[], all: readonly Tensor[]): boolean {
  let at = 0
  for (const { name } of all) if (some[at]?.name === name) at++
  return at === some.length
}

/** '' and 'ai.onnx' are one domain. */
export function sameDomain(a: string, b: string): boolean {
  return (a === 'ai.onnx' ? '' : a) === (b === 'ai.onnx' ? '' : b)
}
