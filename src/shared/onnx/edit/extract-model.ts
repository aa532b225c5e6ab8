/** Part of a model as a model of its own. */
import { AppError } from '../../errors'
import { type ModelDocument, sameDomain } from '../document'
import { readNames } from '../topological-order'
import { subgraphsOf } from '../graph-index'
import type { TypeTable } from '../infer/infer-types'
import type { FunctionDefinition, Graph, Model, Node, Tensor, ValueInfo } from '../records'
import { enclosingFunction } from '../schema/opset-versions'

export interface Boundary {
  /** Values the nodes read that others make or that are fed, constants not counted, in the order of first use. */
  readonly inputs: readonly string[]
  /** Values the nodes make that others read or the graph gives out; where nobody does, those that no node among them reads. */
  readonly outputs: readonly string[]
  /** Names of initializers the nodes read, of the graphs around them too. */
  readonly constants: readonly string[]
}

export function boundaryOf(document: ModelDocument, graph: Graph, nodes: readonly Node[]): Boundary {
  const own = new Set(nodes.map(({ id }) => id))
  const made = new Set(nodes.flatMap(({ outputs }) => outputs))
  const read = [...new Set(nodes.flatMap(readNames))].filter((name) => !made.has(name))
  const isConstant = (name: string) => document.initializer(graph, name) !== null || isSparse(document, graph, name)
  const isOwn = (node: Node | null) => node !== null && own.has(node.id)
  const candidates = nodes.flatMap(({ outputs }) => outputs).filter((name) => name !== '')
  const readOutside = candidates.filter((name) => document.uses(graph, name).some((use) => !isOwn(use.node) && !isWithin(document, use.graph, { graph, own })))
  const unread = candidates.filter((name) => document.uses(graph, name).length === 0)
  return { inputs: read.filter((name) => !isConstant(name)), outputs: readOutside.length > 0 ? readOutside : unread, constants: read.filter(isConstant) }
}

/** Whether `inner` is a subgraph of one of the nodes in `own`. */
function isWithin(document: ModelDocument, inner: Graph, { graph, own }: { graph: Graph; own: ReadonlySet<number> }): boolean {
  for (let parent = document.index(inner).parent; parent; parent = document.index(parent.graph).parent) {
    if (parent.graph === graph) return own.has(parent.nodeId)
  }
  return false
}

function isSparse(document: ModelDocument, graph: Graph, name: string): boolean {
  return scopes(document, graph).some(({ sparseInitializers }) => sparseInitializers.some(({ values }) => values.name === name))
}

/** The graph and those around it, inmost first. */
function scopes(document: ModelDocument, graph: Graph): Graph[] {
  const found: Graph[] = []
  for (let at: Graph | undefined = graph; at; at = document.index(at).parent?.graph) found.push(at)
  return found
}

/**
 * The nodes that compute `outputs` from `inputs`, in the graph's order. Throws AppError `not-found` for values the graph does not have,
 * and `bad-usage` where something must be fed that is not among `inputs`.
 */
export function nodesBetween(document: ModelDocument, graph: Graph, { inputs, outputs }: { readonly inputs: readonly string[]; readonly outputs: readonly string[] }): Node[] {
  const index = document.index(graph)
  for (const name of [...inputs, ...outputs]) {
    if (!document.definition(graph, name)) throw new AppError({ code: 'not-found', message: `Graph '${graph.name}' has no value '${name}'.` })
  }
  const stops = new Set(inputs)
  const needed = new Set<number>()
  const unfed = new Set<string>()
  const open = outputs.filter((name) => !stops.has(name))
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const found = index.definition(name)
    if (found?.kind === 'input') unfed.add(name)
    if (found?.kind !== 'node' || needed.has(found.node.id)) continue
    needed.add(found.node.id)
    open.push(...readNames(found.node).filter((read) => !stops.has(read)))
  }
  if (unfed.size > 0) {
    const names = [...unfed].map((name) => `'${name}'`).join(', ')
    throw new AppError({ code: 'bad-usage', message: `The chosen outputs also need the model's ${unfed.size === 1 ? 'input' : 'inputs'} ${names}.`, hint: 'Name them among the inputs, or other values that stand in their way.' })
  }
  if (needed.size === 0) throw new AppError({ code: 'bad-usage', message: 'No node lies between these inputs and outputs.' })
  return graph.nodes.filter(({ id }) => needed.has(id))
}

interface Extraction {
  readonly document: ModelDocument
  readonly graph: Graph
  readonly nodes: readonly Node[]
  readonly types: TypeTable
  /** In this order; from the nodes where it is left out. */
  readonly inputs?: readonly string[]
  readonly outputs?: readonly string[]
}

/**
 * The nodes with the constants, functions and opsets they use. The result shares records with the document: write it, or decode
 * what was written, before the document changes. Throws AppError `not-supported` for nodes that take values from the function around them.
 */
export function extractModel({ document, graph, nodes, types, ...given }: Extraction): Model {
  const { model } = document
  const boundary = boundaryOf(document, graph, nodes)
  const typed = (name: string): ValueInfo => ({ name, type: types.typeOf(graph, name) })
  const reference = nodes.find(refersOutward)
  if (reference) throw new AppError({ code: 'not-supported', message: `${reference.opType} '${reference.name}' takes an attribute from the function around it.`, hint: 'Inline the function first.' })
  const constants = new Set(boundary.constants)
  const made = new Set(nodes.flatMap(({ outputs }) => outputs))
  const used = usedFunctions(model.functions, nodes)
  return {
    ...model,
    opsetImports: enclosingFunction(document, graph)?.opsetImports ?? model.opsetImports,
    metadata: [],
    functions: used,
    trainingInfo: [],
    unknown: [],
    graph: {
      // No document gives this id to a graph.
      id: 0,
      name: graph.name,
      docString: '',
      nodes,
      inputs: (given.inputs ?? boundary.inputs).map(typed),
      outputs: (given.outputs ?? boundary.outputs).map(typed),
      valueInfo: graph.valueInfo.filter(({ name }) => made.has(name)),
      initializers: scopes(document, graph).flatMap(({ initializers }) => initializers.filter(({ name }) => constants.has(name))),
      sparseInitializers: scopes(document, graph).flatMap(({ sparseInitializers }) => sparseInitializers.filter(({ values }) => constants.has(values.name))),
      quantizationAnnotations: graph.quantizationAnnotations.filter(({ tensorName }) => made.has(tensorName) || constants.has(tensorName)),
      metadata: [],
      unknown: [],
    },
  }
}

/** Whether a node, or one in its subgraphs, takes an attribute of the function it is in. */
export function refersOutward(node: Node): boolean {
  return node.attributes.some(({ refAttrName }) => refAttrName) || subgraphsOf(node).some(({ nodes }) => nodes.some(refersOutward))
}

/** The functions that the nodes call, and those that these call, in the model's order. */
export function usedFunctions(functions: readonly FunctionDefinition[], nodes: readonly Node[]): FunctionDefinition[] {
  const used = new Set<FunctionDefinition>()
  const open = [...nodes]
  for (let node = open.pop(); node; node = open.pop()) {
    for (const inner of subgraphsOf(node)) open.push(...inner.nodes)
    const { domain, opType, overload = '' } = node
    const called = functions.find((known) => sameDomain(known.domain, domain) && known.name === opType && known.overload === overload)
    if (!called || used.has(called)) continue
    used.add(called)
    open.push(...called.body.nodes)
  }
  return functions.filter((known) => used.has(known))
}

/** Initializers that are read by nobody, not even given out. */
export function unreadInitializers(document: ModelDocument, graph: Graph): Tensor[] {
  return graph.initializers.filter(({ name }) => document.uses(graph, name).length === 0)
}
