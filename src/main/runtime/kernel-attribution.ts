/**
 * Which nodes of a model each kernel that onnxruntime ran was made from.
 *
 * onnxruntime rewrites the graph before it runs it: it folds constants, fuses, drops pairs of Q and DQ, changes layouts.
 * Values that survive keep their names, so a kernel covers the nodes between its outputs and its inputs in the model's own
 * graph. Where values were renamed (layout changes), the kernel's name or the layout kernels around it say which they were.
 */
import { stringAttribute } from '#shared/onnx/attributes'
import { readNames } from '#shared/onnx/topological-order'
import { subgraphsOf } from '#shared/onnx/graph-index'
import type { Graph, Model, Node } from '#shared/onnx/records'

/** Every node has a name of its own in the result, which profiles and optimised graphs then show. Ids stay. */
export function withUniqueNodeNames(model: Model): Model {
  const taken = new Set<string>()
  const functions = model.functions.map((definition) => ({ ...definition, body: withUniqueNames(definition.body, taken) }))
  return { ...model, graph: withUniqueNames(model.graph, taken), functions }
}

function withUniqueNames(graph: Graph, taken: Set<string>): Graph {
  const nodes = graph.nodes.map((node): Node => {
    const attributes = node.attributes.map((attribute) => {
      if (attribute.type === 'graph') return { ...attribute, value: withUniqueNames(attribute.value, taken) }
      if (attribute.type === 'graphs') return { ...attribute, value: attribute.value.map((inner) => withUniqueNames(inner, taken)) }
      return attribute
    })
    let name = node.name
    for (let n = 0; name === '' || taken.has(name); n++) name = n === 0 ? `${node.opType}#${node.id}` : `${node.opType}#${node.id}.${n}`
    taken.add(name)
    return { ...node, name, attributes }
  })
  return { ...graph, nodes }
}

/**
 * Nodes by the name of the kernel. A node is in one list at most, but for calls of functions, of which every kernel in the
 * body is. Kernels that onnxruntime added have no nodes, and nodes that were folded into constants no kernel.
 *
 * @param model as given to onnxruntime, its nodes' names unique.
 * @param optimized as onnxruntime saved it.
 */
export function attributeKernels(model: Model, optimized: Model): Map<string, Node[]> {
  const found = new Map<string, Node[]>()
  attributeGraph(model.graph, optimized.graph, found)
  return found
}

function attributeGraph(source: Graph, optimized: Graph, found: Map<string, Node[]>): void {
  const scope = new Scope(source, optimized)
  const claims = scope.claimAll()
  for (const [kernel, nodes] of claims) {
    found.set(kernel.name, nodes)
    const holder = nodes.find((node) => node.opType === kernel.opType)
    for (const inner of kernel.attributes) {
      // onnxruntime writes attributes in any order; their names stay.
      const body = holder?.attributes.find(({ name }) => name === inner.name)
      if (inner.type === 'graph' && body?.type === 'graph') attributeGraph(body.value, inner.value, found)
    }
  }
}

/** Kernels that move data and compute nothing, where onnxruntime added them by itself. */
const LAYOUT_KERNELS = new Set(['ReorderInput', 'ReorderOutput', 'Transpose', 'Reshape', 'Squeeze', 'Unsqueeze', 'Cast', 'MemcpyToHost', 'MemcpyFromHost', 'Identity'])

/** One graph of the model and what onnxruntime made of it. */
class Scope {
  readonly #optimized: Graph
  /** Nodes of the model's graph, and of the branches below it that onnxruntime may have put in their If's place. */
  readonly #byName = new Map<string, Node>()
  readonly #producers = new Map<string, Node>()
  readonly #consumers = new Map<string, Node[]>()
  readonly #known = new Set<string>()
  /** Nodes computed once, while the model is loaded. */
  readonly #constant = new Set<number>()
  /** Values of the optimised graph by the name they have in the model. */
  readonly #aliases = new Map<string, string>()
  readonly #claimed = new Set<number>()

  constructor(source: Graph, optimized: Graph) {
    this.#optimized = optimized
    this.#learn(source, new Set())
    this.#nameValues()
  }

  claimAll(): Map<Node, Node[]> {
    const stops = this.#stops()
    const claims = new Map<Node, Node[]>()
    for (const kernel of this.#optimized.nodes) {
      if (this.#isAdded(kernel)) {
        claims.set(kernel, [])
        continue
      }
      const claimed: Node[] = []
      const own = new Set(this.#targets(kernel))
      const stack = [...own]
      for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
        const node = this.#producers.get(name)
        if (!node || this.#claimed.has(node.id) || this.#constant.has(node.id)) continue
        this.#claimed.add(node.id)
        claimed.push(node)
        for (const input of readNames(node)) if (own.has(input) || !stops.has(input)) stack.push(input)
      }
      claims.set(kernel, claimed.toReversed())
    }
    for (const kernel of this.#optimized.nodes) {
      const caller = claims.get(kernel)?.length === 0 ? this.#callerOf(kernel, claims) : null
      if (caller) claims.set(kernel, [caller])
    }
    return claims
  }

  /** The node that called the function which the kernel is a part of: the end of the function's body has claimed it. */
  #callerOf(kernel: Node, claims: ReadonlyMap<Node, readonly Node[]>): Node | null {
    const called = /^_inlfunc_(\w+?)_/.exec(kernel.name)?.[1]
    if (called === undefined) return null
    const reached = new Set(kernel.outputs)
    for (const later of this.#optimized.nodes) {
      if (!later.inputs.some((input) => reached.has(input))) continue
      const caller = claims.get(later)?.find(({ opType }) => opType === called)
      if (caller) return caller
      for (const output of later.outputs) reached.add(output)
    }
    return null
  }

  #learn(graph: Graph, constants: Set<string>): void {
    for (const { name } of graph.inputs) this.#known.add(name)
    for (const { name } of graph.initializers) {
      this.#known.add(name)
      constants.add(name)
    }
    for (const node of graph.nodes) {
      if (!this.#byName.has(node.name)) this.#byName.set(node.name, node)
      for (const input of node.inputs) this.#consumers.set(input, [...(this.#consumers.get(input) ?? []), node])
      for (const output of node.outputs) {
        if (output === '') continue
        this.#known.add(output)
        if (!this.#producers.has(output)) this.#producers.set(output, node)
      }
      const random = node.opType.startsWith('Random') || node.opType === 'Multinomial' || node.opType === 'Bernoulli'
      if (!random && readNames(node).every((name) => constants.has(name))) {
        this.#constant.add(node.id)
        for (const output of node.outputs) constants.add(output)
      }
      // A branch whose condition is a constant takes the place of its If, its names behind a prefix.
      if (node.opType === 'If') for (const branch of subgraphsOf(node)) this.#learn(branch, new Set(constants))
    }
  }

  /** Finds out which values of the optimised graph are values of the model under another name. */
  #nameValues(): void {
    const added = this.#optimized.nodes.filter((kernel) => this.#isAdded(kernel))
    // Layout kernels have the same value on both sides. What comes out of one under its own name is surest, so it is first.
    for (const { inputs, outputs } of added.toReversed()) this.#equate(inputs[0], outputs[0])
    for (const kernel of this.#optimized.nodes) {
      const named = this.#nodeNamedBy(kernel)
      const laidOut = this.#valueLaidOut(kernel)
      kernel.outputs.forEach((output, at) => {
        if (output === '' || this.#valueOf(output) !== null) return
        const original = at === 0 && laidOut !== null ? laidOut : named?.outputs[at]
        if (original !== undefined && original !== '') this.#aliases.set(output, original)
      })
    }
    for (const { inputs, outputs } of added) this.#equate(outputs[0], inputs[0])
    for (const { inputs, outputs } of added.toReversed()) this.#equate(inputs[0], outputs[0])
  }

  #equate(unnamed: string | undefined, named: string | undefined): void {
    if (unnamed === undefined || named === undefined || this.#valueOf(unnamed) !== null) return
    const value = this.#valueOf(named)
    if (value !== null) this.#aliases.set(unnamed, value)
  }

  #valueOf(name: string): string | null {
    if (this.#known.has(name)) return name
    const plain = withoutPrefixes(name)
    if (this.#known.has(plain)) return plain
    return this.#aliases.get(name) ?? null
  }

  /**
   * The value whose computation in a blocked layout the kernel says it is (`Relu_output_0_nchwc`), or what was fused onto it
   * afterwards: the name stays when a convolution takes over the addition and the activation behind it.
   */
  #valueLaidOut(kernel: Node): string | null {
    const name = withoutToken(kernel.name)
    if (!name.endsWith('_nchwc')) return null
    let value = this.#valueOf(name.replace(/_nchwc$/, '')) ?? this.#valueOf(name.replace(/_bn_nchwc$/, ''))
    if (value === null || kernel.opType !== 'Conv') return value
    if ((kernel.inputs[3] ?? '') !== '') value = this.#after(value, ['Add', 'Sum'])
    const activation = stringAttribute(kernel, 'activation', '')
    return activation === '' || this.#producers.get(value)?.opType === activation ? value : this.#after(value, [activation])
  }

  /** What the node of one of these types makes of `value`; `value` itself where no such node reads it. */
  #after(value: string, opTypes: readonly string[]): string {
    return this.#consumers.get(value)?.find(({ opType }) => opTypes.includes(opType))?.outputs[0] ?? value
  }

  /** The node whose name the kernel has kept, or has before the name of the rewriting that made it (`Mul_7/QuickGeluFusion/`). */
  #nodeNamedBy(kernel: Node): Node | null {
    const name = withoutPrefixes(kernel.name)
    for (const candidate of [kernel.name, name, withoutToken(name), name.replace(/\/\w*Fusion\w*\/?(_token_\d+)?$/, '')]) {
      const node = this.#byName.get(candidate)
      if (node) return node
    }
    return null
  }

  #isAdded(kernel: Node): boolean {
    return LAYOUT_KERNELS.has(kernel.opType) && this.#nodeNamedBy(kernel) === null && !this.#makesSameOp(kernel)
  }

  #makesSameOp(kernel: Node): boolean {
    return kernel.outputs.some((output) => this.#producers.get(withoutPrefixes(output))?.opType === kernel.opType)
  }

  #targets(kernel: Node): string[] {
    return kernel.outputs.flatMap((output) => (output === '' ? [] : (this.#valueOf(output) ?? [])))
  }

  /** Values that are there before a kernel runs: made by other kernels, given, or folded into constants. */
  #stops(): Set<string> {
    const stops = new Set<string>()
    for (const { name } of [...this.#optimized.inputs, ...this.#optimized.initializers]) stops.add(this.#valueOf(name) ?? name)
    for (const kernel of this.#optimized.nodes) for (const target of this.#targets(kernel)) stops.add(target)
    return stops
  }
}

/** Of values and nodes taken out of a branch of an If, and of float32 forms of float16 values. */
function withoutPrefixes(name: string): string {
  return name.replace(/^InsertedPrecisionFreeCast_/, '').replace(/^(?:.*?_(?:then|else)_branch__Inline_\d+__)+/, '')
}

/** onnxruntime makes names unique by a number at their end. */
function withoutToken(name: string): string {
  return name.replace(/_token_\d+$/, '')
}
