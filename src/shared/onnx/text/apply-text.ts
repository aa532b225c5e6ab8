/**
 * Applies edited text to the model it was printed from, by as small a change as that takes: what reads the same stays the
 * very record, with its id, its doc string and its bytes in the file. What the form does not show (metadata of nodes,
 * quantization annotations, sparse initializers) stays as it was.
 */
import type { TextProblem } from '../../ipc/text-problem'
import type { Edit } from '../document'
import type { Attribute, FunctionDefinition, Graph, Model, Node, SparseTensor, Tensor, ValueInfo } from '../records'
import { topologicalOrder } from '../topological-order'
import { LeftOutTensors } from './left-out-tensors'
import { matchNodes } from './match-nodes'
import { type ParsedText, parseFunctionText, parseGraphText, parseModelText } from './parse-text'
import { sameAttribute, sameEntries, sameItems, sameTensor, sameType } from './same-in-text'
import { textError } from './token-reader'

/**
 * `text` is the whole model or the main graph, a function, or a subgraph, whichever `graph` is. Throws AppError `invalid-data`
 * with `details.problems` ({@link TextProblem}) where it cannot be read, names a value twice, or leaves values out that the model
 * does not have.
 */
export function applyText(edit: Edit, graph: Graph, text: string): void {
  const definition = edit.model.functions.find(({ body }) => body === graph)
  if (definition) applyFunction(edit, definition, parseFunctionText(text))
  else if (graph === edit.main && /^(\s|#.*)*</.test(text)) applyModel(edit, parseModelText(text))
  else merge(edit, parseGraphText(text), (merger, wanted) => merger.graph(graph, wanted))
}

/**
 * Makes some nodes of a graph what the text of {@link printNodes} says of them: its nodes and initializers take effect, its inputs and outputs do not.
 * Initializers that are not in the text stay. Throws as {@link applyText}.
 */
export function applyNodesText(edit: Edit, graph: Graph, { nodes, text }: { readonly nodes: readonly Node[]; readonly text: string }): void {
  merge(edit, parseGraphText(text), (merger, wanted) => merger.part(graph, nodes, wanted))
  const ordered = topologicalOrder(edit.document, graph)
  if (!sameItems(graph.nodes, ordered)) edit.replaceNodes(graph, ordered)
}

/** The parsed model by itself. Throws `invalid-data` where the text leaves values out. */
export function completeModel({ value, leftOut, problem }: ParsedText<Model>): Model {
  if (leftOut.size === 0) return value
  throw textError([...leftOut].map((record) => problem(record, 'The values are left out: give the model that has them, or write them.')))
}

function applyModel(edit: Edit, parsed: ParsedText<Model>): void {
  merge(edit, parsed, (merger, wanted) => {
    merger.graph(edit.main, wanted.graph)
    const functions = wanted.functions.map((definition) => {
      const known = edit.model.functions.find((candidate) => sameFunctionName(candidate, definition))
      return known ? merger.functionHead(known, definition) : merger.newFunction(definition)
    })
    const { model } = edit
    const changed = {
      ...(['irVersion', 'producerName', 'producerVersion', 'domain', 'modelVersion', 'docString'] as const).reduce<Partial<Model>>(
        (fields, key) => (model[key] === wanted[key] ? fields : { ...fields, [key]: wanted[key] }),
        {},
      ),
      ...(!sameOpsets(model, wanted) && { opsetImports: wanted.opsetImports }),
      ...(!sameEntries(model.metadata, wanted.metadata) && { metadata: wanted.metadata }),
      ...(!sameItems(model.functions, functions) && { functions }),
    }
    if (Object.keys(changed).length > 0) edit.updateModel(changed)
    wanted.functions.forEach((definition, at) => {
      const known = functions[at]
      if (known && !merger.isNew(known)) merger.graph(known.body, definition.body)
    })
  })
}

function applyFunction(edit: Edit, known: FunctionDefinition, parsed: ParsedText<FunctionDefinition>): void {
  merge(edit, parsed, (merger, wanted) => {
    const head = { ...merger.functionHead(known, wanted), name: wanted.name, domain: wanted.domain, overload: wanted.overload }
    const isSame = (['name', 'domain', 'overload', 'docString', 'attributeNames', 'attributeDefaults', 'opsetImports'] as const).every((key) => head[key] === known[key])
    if (!isSame) edit.updateModel({ functions: edit.model.functions.map((definition) => (definition === known ? head : definition)) })
    merger.graph(known.body, wanted.body)
  })
}

function merge<T>(edit: Edit, parsed: ParsedText<T>, work: (merger: Merger, wanted: T) => void): void {
  const merger = new Merger(edit, parsed)
  work(merger, parsed.value)
  // The transaction takes back what was done so far.
  if (merger.problems.length > 0) throw textError(merger.problems)
}

class Merger {
  readonly problems: TextProblem[] = []
  readonly #edit: Edit
  readonly #leftOut: ReadonlySet<Tensor | SparseTensor>
  readonly #problem: (record: object, message: string) => void
  readonly #tensors: LeftOutTensors
  readonly #new = new Set<FunctionDefinition>()

  constructor(edit: Edit, { leftOut, problem }: ParsedText<unknown>) {
    this.#edit = edit
    this.#leftOut = leftOut
    this.#problem = (record, message) => void this.problems.push(problem(record, message))
    this.#tensors = new LeftOutTensors(edit.document, leftOut, this.#problem)
  }

  isNew(definition: FunctionDefinition): boolean {
    return this.#new.has(definition)
  }

  newFunction(wanted: FunctionDefinition): FunctionDefinition {
    const made = { ...wanted, attributeDefaults: wanted.attributeDefaults.map((attribute) => this.#newAttribute(attribute)), body: this.#newGraph(wanted.body) }
    this.#new.add(made)
    return made
  }

  /** The known function with the wanted head; its body is as it was. */
  functionHead(known: FunctionDefinition, wanted: FunctionDefinition): FunctionDefinition {
    const changed = {
      ...(known.docString !== wanted.docString && { docString: wanted.docString }),
      ...(!sameItems(known.attributeNames, wanted.attributeNames) && { attributeNames: wanted.attributeNames }),
      ...(!sameOpsets(known, wanted) && { opsetImports: wanted.opsetImports }),
      ...this.#attributes('attributeDefaults', known.attributeDefaults, wanted.attributeDefaults),
    }
    return Object.keys(changed).length === 0 ? known : { ...known, ...changed }
  }

  graph(known: Graph, wanted: Graph): void {
    this.#refuseDuplicates(known, wanted)
    const matches = matchNodes(known.nodes, wanted.nodes)
    const kept = new Set(matches.values())
    const spare = known.nodes.filter((node) => !kept.has(node))
    const inner: [Graph, Graph][] = []
    const nodes = wanted.nodes.map((node) => {
      const old = matches.get(node)
      return old ? this.#node(old, node, inner) : this.#newNode(node, spare)
    })
    this.#initializers(known, wanted)
    this.#edit.replaceNodes(known, nodes)
    const changed = {
      ...(!this.#edit.model.functions.some(({ body }) => body === known) && known.name !== wanted.name && { name: wanted.name }),
      ...values('inputs', known, wanted),
      ...values('outputs', known, wanted),
      ...values('valueInfo', known, wanted),
    }
    if (Object.keys(changed).length > 0) this.#edit.updateGraph(known, changed)
    for (const [body, text] of inner) this.graph(body, text)
  }

  /** Nodes of a graph by those of the text; the rest stays. */
  part(known: Graph, selected: readonly Node[], wanted: Graph): void {
    const going = new Set(selected)
    const rest = known.nodes.filter((node) => !going.has(node))
    const names = new Set(wanted.initializers.map(({ name }) => name))
    this.#refuseDuplicates(known, { ...known, initializers: [...known.initializers.filter(({ name }) => !names.has(name)), ...wanted.initializers], nodes: [...rest, ...wanted.nodes] })
    const matches = matchNodes(selected, wanted.nodes)
    const kept = new Set(matches.values())
    const inner: [Graph, Graph][] = []
    const made = wanted.nodes.map((node) => {
      const old = matches.get(node)
      return old ? this.#node(old, node, inner) : this.#newNode(node, selected.filter((candidate) => !kept.has(candidate)))
    })
    const old = new Map(known.initializers.map((tensor) => [tensor.name, tensor]))
    const merged = wanted.initializers.map((tensor) => {
      const same = old.get(tensor.name)
      return same && sameTensor(same, tensor, this.#leftOut) ? same : this.#tensors.complete(tensor, { spare: [], old: same })
    })
    const changed = new Map(merged.map((tensor) => [tensor.name, tensor]))
    this.#edit.replaceInitializers(known, [...known.initializers.map((tensor) => changed.get(tensor.name) ?? tensor), ...merged.filter(({ name }) => !old.has(name))])
    this.#edit.replaceNodes(known, inPlace(known.nodes, { going, made, matches, wanted: wanted.nodes }))
    for (const [body, text] of inner) this.graph(body, text)
  }

  /** The known node where the text says the same. Graphs within it stay too; `inner` is told what they are to be. */
  #node(known: Node, wanted: Node, inner: [Graph, Graph][]): Node {
    const changed = {
      ...(['name', 'opType', 'domain'] as const).reduce<Partial<Node>>((fields, key) => (known[key] === wanted[key] ? fields : { ...fields, [key]: wanted[key] }), {}),
      ...((known.overload ?? '') !== (wanted.overload ?? '') && { overload: wanted.overload ?? '' }),
      ...(!sameItems(known.inputs, wanted.inputs) && { inputs: wanted.inputs }),
      ...(!sameItems(known.outputs, wanted.outputs) && { outputs: wanted.outputs }),
      ...this.#attributes('attributes', known.attributes, wanted.attributes, inner),
    }
    return Object.keys(changed).length === 0 ? known : { ...known, ...changed }
  }

  #attributes<K extends string>(key: K, known: readonly Attribute[], wanted: readonly Attribute[], inner: [Graph, Graph][] = []): Partial<Record<K, Attribute[]>> {
    const merged = wanted.map((attribute) => {
      const old = known.find(({ name }) => name === attribute.name)
      if (!old || !sameAttribute(old, attribute, this.#leftOut)) return this.#newAttribute(attribute, [], old)
      if (old.type === 'graph' && attribute.type === 'graph') inner.push([old.value, attribute.value])
      if (old.type === 'graphs' && attribute.type === 'graphs') old.value.forEach((graph, at) => inner.push([graph, attribute.value[at] as Graph]))
      return old
    })
    return sameItems(known, merged) ? {} : ({ [key]: merged } as Partial<Record<K, Attribute[]>>)
  }

  #initializers(known: Graph, wanted: Graph): void {
    const names = new Set(wanted.initializers.map(({ name }) => name))
    const spare = known.initializers.filter(({ name }) => !names.has(name))
    const old = new Map(known.initializers.map((tensor) => [tensor.name, tensor]))
    const merged = wanted.initializers.map((tensor) => {
      const same = old.get(tensor.name)
      if (same && sameTensor(same, tensor, this.#leftOut)) return same
      return this.#tensors.complete(tensor, { spare: same ? [] : spare, old: same })
    })
    this.#edit.replaceInitializers(known, merged)
  }

  #newNode(wanted: Node, spare: readonly Node[]): Node {
    const like = spare.filter(({ opType, domain }) => opType === wanted.opType && domain === wanted.domain)
    return { ...wanted, id: this.#edit.newNodeId(), attributes: wanted.attributes.map((attribute) => this.#newAttribute(attribute, like)) }
  }

  #newAttribute(wanted: Attribute, spare: readonly Node[] = [], old?: Attribute): Attribute {
    const tensors = spare.flatMap(({ attributes }) => attributes.flatMap((attribute) => (attribute.name === wanted.name && attribute.type === 'tensor' ? [attribute.value] : [])))
    const complete = (tensor: Tensor) => this.#tensors.complete(tensor, { spare: tensors, old: old?.type === 'tensor' ? old.value : undefined })
    switch (wanted.type) {
      case 'tensor':
        return { ...wanted, value: complete(wanted.value) }
      case 'tensors':
        return { ...wanted, value: wanted.value.map(complete) }
      case 'graph':
        return { ...wanted, value: this.#newGraph(wanted.value) }
      case 'graphs':
        return { ...wanted, value: wanted.value.map((graph) => this.#newGraph(graph)) }
      case 'sparse-tensor':
        this.#problem(wanted.value, 'The text form has no sparse tensors, and the model has none here.')
        return wanted
      default:
        return wanted
    }
  }

  #newGraph(wanted: Graph): Graph {
    this.#refuseDuplicates(null, wanted)
    return {
      ...wanted,
      id: this.#edit.newGraphId(),
      nodes: wanted.nodes.map((node) => this.#newNode(node, [])),
      initializers: wanted.initializers.map((tensor) => this.#tensors.complete(tensor, { spare: [], old: undefined })),
    }
  }

  /** Two values of one name. What was so before is the checker's affair. */
  #refuseDuplicates(known: Graph | null, wanted: Graph): void {
    const before = new Set(known ? repeated(definitions(known)).map(([name]) => name) : [])
    for (const [name, record] of repeated(definitions(wanted))) {
      if (!before.has(name)) this.#problem(record, `There is another value '${name}' in this graph; values are made once.`)
    }
  }
}

interface PartOrder {
  readonly going: ReadonlySet<Node>
  /** What becomes of the text's nodes, and the nodes that some of them were. */
  readonly wanted: readonly Node[]
  readonly made: readonly Node[]
  readonly matches: ReadonlyMap<Node, Node>
}

/** Nodes that stay keep their places; new ones stand before the one that follows them in the text, the last ones after all. */
function inPlace(nodes: readonly Node[], { going, wanted, made, matches }: PartOrder): Node[] {
  const groups = new Map<Node, Node[]>()
  let pending: Node[] = []
  wanted.forEach((node, at) => {
    pending.push(made[at] ?? node)
    const old = matches.get(node)
    if (!old) return
    groups.set(old, pending)
    pending = []
  })
  const last = nodes.findLast((node) => going.has(node))
  return nodes.flatMap((node) => (going.has(node) ? [...(groups.get(node) ?? []), ...(node === last ? pending : [])] : [node]))
}

function repeated(all: readonly [string, object][]): [string, object][] {
  const seen = new Set<string>()
  return all.filter(([name]) => seen.has(name) || !seen.add(name))
}

/** Names of values and what makes them; an initializer of an input's name is the input's default. */
function definitions({ inputs, initializers, nodes }: Graph): [string, object][] {
  const given = new Set(inputs.map(({ name }) => name))
  return [
    ...inputs.map((value): [string, object] => [value.name, value]),
    ...initializers.filter(({ name }) => !given.has(name)).map((tensor): [string, object] => [tensor.name, tensor]),
    ...nodes.flatMap((node) => node.outputs.filter((name) => name !== '').map((name): [string, object] => [name, node])),
  ]
}

function values<K extends 'inputs' | 'outputs' | 'valueInfo'>(key: K, known: Graph, wanted: Graph): Partial<Record<K, ValueInfo[]>> {
  const old = new Map(known[key].map((value) => [value.name, value]))
  const merged = wanted[key].map((value) => {
    const same = old.get(value.name)
    if (!same) return value
    return sameType(same.type, value.type) ? same : { ...same, type: value.type }
  })
  return sameItems(known[key], merged) ? {} : ({ [key]: merged } as Partial<Record<K, ValueInfo[]>>)
}

function sameOpsets(a: Pick<Model, 'opsetImports'>, b: Pick<Model, 'opsetImports'>): boolean {
  return sameItems(a.opsetImports, b.opsetImports, (one, other) => one.domain === other.domain && one.version === other.version)
}

function sameFunctionName(a: FunctionDefinition, b: FunctionDefinition): boolean {
  return a.name === b.name && a.domain === b.domain && a.overload === b.overload
}
