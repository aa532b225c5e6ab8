/**
 * Types and shapes of every value, from the rules in `rules/` and what the file declares.
 *
 * Each graph is walked once in dependency order (subgraphs from the node that holds them, bodies of loops until their
 * shapes no longer change, functions once for each call). Contents of small integer tensors are followed too, with
 * symbols for dimensions, so that shapes computed in the graph (Shape → Gather → Concat → Reshape) come out.
 */
import type { Diagnostic } from '../../diagnostic'
import type { ModelDocument } from '../document'
import { readNames } from '../topological-order'
import type { Attribute, Dim, FunctionDefinition, Graph, Node, OpsetImport, ValueInfo, ValueType } from '../records'
import { type Fact, joinFacts, tensorFact } from './fact'
import { mergeDeclared } from './merge-declared'
import { NodeContext } from './node-context'
import { ruleOf } from './rules'
import { tensorElements } from './tensor-elements'

export interface InferOptions {
  /** Sizes for symbolic dimensions: by symbol, or for one axis of a model input as `input:axis`. */
  readonly dims?: Readonly<Record<string, number>>
}

export interface TypeTable {
  /**
   * The type of `name` as seen from `graph`, values of the graphs around it included. A tensor whose element type is
   * unknown has data type 0 (undefined). Null where nothing is known.
   */
  typeOf(graph: Graph, name: string): ValueType | null
  /** Elements of a small numeric tensor in row-major order: numbers, dimension symbols, or null for unknown ones. */
  elementsOf(graph: Graph, name: string): readonly Dim[] | null
  /** Declarations that contradict what the graph computes. */
  readonly diagnostics: readonly Diagnostic[]
}

/** Never throws on account of the model: what cannot be inferred is unknown. */
export function inferTypes(document: ModelDocument, options: InferOptions = {}): TypeTable {
  const inference = new Inference(document, options.dims ?? {})
  inference.run()
  return inference
}

type Opsets = ReadonlyMap<string, number>
type Bindings = ReadonlyMap<string, Attribute>

/** Where names are looked up while one graph is walked. */
interface Scope {
  readonly graph: Graph
  readonly facts: Map<string, Fact | null>
  readonly outer: Scope | null
  readonly opsets: Opsets
  readonly bindings: Bindings | null
  /** Values that contradict their declaration, and all computed from them: what is declared of these is as wrong. */
  readonly doubtful: Set<string>
}

/** Nodes of nested graphs walked before we stop: calls of functions multiply, and a hostile file must not hang us. */
const MAX_NESTED_NODES = 500_000

/** Calls within calls that are followed; past that, outputs are unknown. */
export const MAX_CALL_DEPTH = 64

class Inference implements TypeTable {
  readonly #document: ModelDocument
  readonly #dims: Readonly<Record<string, number>>
  readonly #facts = new Map<Graph, Map<string, Fact | null>>()
  readonly #contradictions = new Map<Graph, Diagnostic[]>()
  readonly #functions = new Map<string, FunctionDefinition>()
  readonly #calling = new Set<FunctionDefinition>()
  readonly #inputSymbols: ReadonlySet<string>
  /** Symbols that only outputs carry, and more than one. People name these by hand, and one name for different sizes is common. */
  readonly #vagueSymbols = new Set<string>()
  #nestedNodes = 0

  constructor(document: ModelDocument, dims: Readonly<Record<string, number>>) {
    this.#document = document
    this.#dims = dims
    for (const definition of document.model.functions) this.#functions.set(functionKey(definition.domain, definition.name, definition.overload), definition)
    const main = document.model.graph
    this.#inputSymbols = new Set(main.inputs.flatMap(({ type }) => symbolsOf(type)))
    const inferred = new Set(main.valueInfo.flatMap(({ type }) => symbolsOf(type)))
    const met = new Set<string>()
    for (const symbol of main.outputs.flatMap(({ type }) => symbolsOf(type))) {
      if (met.has(symbol) && !this.#inputSymbols.has(symbol) && !inferred.has(symbol)) this.#vagueSymbols.add(symbol)
      met.add(symbol)
    }
  }

  get diagnostics(): readonly Diagnostic[] {
    return [...this.#contradictions.values()].flat()
  }

  typeOf(graph: Graph, name: string): ValueType | null {
    return withoutAnonymous(this.#factOf(graph, name)?.type ?? null)
  }

  elementsOf(graph: Graph, name: string): readonly Dim[] | null {
    const fact = this.#factOf(graph, name)
    if (fact?.elements) return fact.elements.some(isAnonymous) ? fact.elements.map(nameOrNull) : fact.elements
    return fact?.constant ? tensorElements(fact.constant) : null
  }

  run(): void {
    const { model } = this.#document
    const opsets = opsetsOf(model.opsetImports)
    this.#walkGraph({ graph: model.graph, inputs: [], outer: null, opsets, bindings: null })
    for (const { body, opsetImports } of model.functions) {
      if (!this.#facts.has(body)) this.#walkGraph({ graph: body, inputs: [], outer: null, opsets: opsetsOf(opsetImports), bindings: null })
    }
  }

  #factOf(graph: Graph, name: string): Fact | null {
    for (let at: Graph | undefined = graph; at; at = this.#document.index(at).parent?.graph) {
      const fact = this.#facts.get(at)?.get(name)
      if (fact !== undefined) return fact
    }
    return null
  }

  /** Infers a graph and returns what is known of its outputs. */
  #walkGraph({ graph, inputs, outer, opsets, bindings }: Omit<Scope, 'facts' | 'doubtful'> & { inputs: readonly (Fact | null)[] }): (Fact | null)[] {
    const scope: Scope = { graph, facts: new Map(), outer, opsets, bindings, doubtful: new Set() }
    this.#contradictions.delete(graph)
    for (const tensor of graph.initializers) {
      scope.facts.set(tensor.name, { type: { kind: 'tensor', dataType: tensor.dataType, shape: tensor.dims }, constant: tensor })
    }
    // ONNX lets a sparse initializer stand for a dense tensor of its name.
    for (const { values, dims } of graph.sparseInitializers) scope.facts.set(values.name, tensorFact(values.dataType, dims))
    for (const [at, input] of graph.inputs.entries()) {
      // An initializer with an input's name is its default, and nearly always what runs: its contents count.
      if (scope.facts.has(input.name)) continue
      scope.facts.set(input.name, this.#withDeclaration(scope, input.name, inputs[at] ?? null, this.#inputType(graph, input)))
    }
    this.#walkNodes(scope)
    this.#facts.set(graph, scope.facts)
    return graph.outputs.map(({ name }) => lookUp(scope, name))
  }

  /** Visits nodes so that those that feed a node come before it, whatever their order in the file. */
  #walkNodes(scope: Scope): void {
    const { graph } = scope
    const declared = new Map<string, ValueType | null>()
    for (const { name, type } of [...graph.valueInfo, ...graph.outputs]) declared.set(name, this.#substitute(type))
    const producers = new Map<string, Node>()
    for (const node of graph.nodes) for (const name of node.outputs) if (name !== '') producers.set(name, node)
    const entered = new Set<Node>()
    const waitsFor = (node: Node): Node | undefined => {
      for (const name of this.#reads(graph, node)) {
        const producer = scope.facts.has(name) ? undefined : producers.get(name)
        if (producer && !entered.has(producer)) return producer
      }
      return undefined
    }
    for (const root of graph.nodes) {
      if (entered.has(root)) continue
      entered.add(root)
      const stack = [root]
      for (let node = stack.at(-1); node; node = stack.at(-1)) {
        const feed = waitsFor(node)
        if (feed) {
          entered.add(feed)
          stack.push(feed)
        } else {
          this.#inferNode(scope, node, declared)
          stack.pop()
        }
      }
    }
  }

  #reads(graph: Graph, node: Node): readonly string[] {
    return this.#document.index(graph).nesting.has(node.id) ? readNames(node) : node.inputs
  }

  #inferNode(scope: Scope, node: Node, declared: ReadonlyMap<string, ValueType | null>): void {
    const inputs = node.inputs.map((name) => (name === '' ? null : lookUp(scope, name)))
    const outputs = this.#outputsOf(scope, node, inputs)
    const doubtful = scope.doubtful.size > 0 && this.#reads(scope.graph, node).some((name) => scope.doubtful.has(name))
    for (const [at, name] of node.outputs.entries()) {
      if (name === '') continue
      const fact = outputs[at] ?? null
      if (doubtful) scope.doubtful.add(name)
      const stated = doubtful ? null : declared.get(name)
      scope.facts.set(name, stated ? this.#withDeclaration(scope, name, fact, stated, node) : fact)
    }
  }

  #outputsOf(scope: Scope, node: Node, inputs: readonly (Fact | null)[]): readonly (Fact | null)[] {
    const definition = this.#functions.get(functionKey(node.domain, node.opType, node.overload ?? ''))
    if (definition) return this.#call(scope, node, definition, inputs)
    const rule = ruleOf(node.domain, node.opType)
    if (!rule) return []
    const opset = scope.opsets.get(normalizedDomain(node.domain)) ?? 1
    const inferSubgraph = (graph: Graph, given: readonly (Fact | null)[]) =>
      this.#mayEnter(graph) ? this.#walkGraph({ graph, inputs: given, outer: scope, opsets: scope.opsets, bindings: scope.bindings }) : []
    return rule(new NodeContext(node, opset, inputs, scope.bindings, inferSubgraph))
  }

  /** Infers a function's body for one call. The table keeps what holds of all calls. */
  #call(scope: Scope, node: Node, definition: FunctionDefinition, inputs: readonly (Fact | null)[]): (Fact | null)[] {
    if (this.#calling.has(definition) || this.#calling.size >= MAX_CALL_DEPTH || !this.#mayEnter(definition.body)) return []
    this.#calling.add(definition)
    try {
      const { body } = definition
      const bindings = new Map(definition.attributeDefaults.map((attribute) => [attribute.name, attribute]))
      for (const attribute of node.attributes) {
        const value = attribute.refAttrName ? scope.bindings?.get(attribute.refAttrName) : attribute
        if (value) bindings.set(attribute.name, value)
      }
      const earlier = this.#facts.get(body)
      const outputs = this.#walkGraph({ graph: body, inputs, outer: null, opsets: opsetsOf(definition.opsetImports), bindings })
      const facts = this.#facts.get(body)
      if (earlier && facts) for (const [name, fact] of facts) facts.set(name, joinFacts(earlier.get(name) ?? null, fact))
      return outputs
    } finally {
      this.#calling.delete(definition)
    }
  }

  #mayEnter(graph: Graph): boolean {
    this.#nestedNodes += graph.nodes.length + 1
    return this.#nestedNodes <= MAX_NESTED_NODES
  }

  #withDeclaration(scope: Scope, name: string, fact: Fact | null, declared: ValueType | null, node?: Node): Fact | null {
    if (!declared) return fact
    const { type, contradiction } = mergeDeclared(fact?.type ?? null, declared, (symbol) => this.#inputSymbols.has(symbol) || isAnonymous(symbol))
    if (contradiction) {
      scope.doubtful.add(name)
      this.#contradict(scope.graph, name, contradiction, node)
    }
    return { ...fact, type }
  }

  #contradict(graph: Graph, valueName: string, contradiction: string, node?: Node): void {
    const found = this.#contradictions.get(graph) ?? []
    found.push({
      severity: 'warning',
      code: 'declared-type-contradicts',
      message: `'${valueName}' is ${contradiction}.`,
      hint: 'The declaration in the file is stale; the computed type is used.',
      valueName,
      ...(node && { nodeId: node.id, nodeName: node.name }),
    })
    this.#contradictions.set(graph, found)
  }

  /**
   * The declared type of a graph input, with the sizes asked for put in. A size the model leaves open without naming it
   * gets a symbol all the same, so that it can cancel out and be followed; nobody outside sees it.
   */
  #inputType(graph: Graph, input: ValueInfo): ValueType | null {
    const type = this.#substitute(input.type)
    if (graph !== this.#document.model.graph || type?.kind !== 'tensor' || !type.shape) return type
    return { ...type, shape: type.shape.map((dim, axis) => this.#dims[`${input.name}:${axis}`] ?? dim ?? `${ANONYMOUS}${input.name}:${axis}`) }
  }

  /** Symbols with a known size become it; names and sizes that exporters write for "unknown" are unknown. */
  #substitute(type: ValueType | null): ValueType | null {
    if (!type) return null
    switch (type.kind) {
      case 'tensor':
      case 'sparse-tensor':
        if (!type.shape?.some((dim) => typeof dim !== 'number' || dim < 0)) return type
        return { ...type, shape: type.shape.map((dim) => this.#substituteDim(dim)) }
      case 'sequence':
      case 'optional':
        return { ...type, element: this.#substitute(type.element) }
      case 'map':
      case 'opaque':
        return type
    }
  }

  #substituteDim(dim: Dim): Dim {
    if (typeof dim !== 'string') return dim === null || dim < 0 ? null : dim
    const size = this.#dims[dim]
    if (size !== undefined) return size
    return dim === '' || isAnonymous(dim) || this.#vagueSymbols.has(dim) ? null : dim
  }
}

const ANONYMOUS = '?'

function isAnonymous(dim: Dim): boolean {
  return typeof dim === 'string' && dim.startsWith(ANONYMOUS)
}

function nameOrNull(dim: Dim): Dim {
  return isAnonymous(dim) ? null : dim
}

function withoutAnonymous(type: ValueType | null): ValueType | null {
  if (!type) return null
  if (type.kind === 'sequence' || type.kind === 'optional') return { ...type, element: withoutAnonymous(type.element) }
  if ((type.kind !== 'tensor' && type.kind !== 'sparse-tensor') || !type.shape?.some(isAnonymous)) return type
  return { ...type, shape: type.shape.map(nameOrNull) }
}

function lookUp(scope: Scope, name: string): Fact | null {
  for (let at: Scope | null = scope; at; at = at.outer) {
    const fact = at.facts.get(name)
    if (fact !== undefined) return fact
  }
  return null
}

function symbolsOf(type: ValueType | null): string[] {
  if (type?.kind === 'tensor' || type?.kind === 'sparse-tensor') return (type.shape ?? []).filter((dim) => typeof dim === 'string')
  return type?.kind === 'sequence' || type?.kind === 'optional' ? symbolsOf(type.element) : []
}

function opsetsOf(imports: readonly OpsetImport[]): Opsets {
  return new Map(imports.map(({ domain, version }) => [normalizedDomain(domain), version]))
}

function normalizedDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain
}

function functionKey(domain: string, name: string, overload: string): string {
  return `${normalizedDomain(domain)}:${name}:${overload}`
}
