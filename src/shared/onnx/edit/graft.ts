/** Nodes of one model put into a graph of another. */
import { AppError } from '../../errors'
import { joinPieces, encodeModel } from '../codec/encode'
import { makeTensor } from '../attributes'
import { ModelDocument, sameDomain } from '../document'
import type { FunctionDefinition, Graph, Model, Node, OpsetImport, Tensor } from '../records'
import { opSchema, runtimeOpset } from '../schema/op-schema'
import { enclosingFunction, opsetVersions, type OpsetVersions, versionInForce, versionsByDomain } from '../schema/opset-versions'
import { tensorBytes } from '../tensor-data'
import { allNodes, callKey, cloneGraph, cloneNode } from './clone-graph'
import type { EditContext } from './edit-context'
import { freshNodeNames } from './names'
import { addImport } from './operators'
import { upgradeOpset } from './upgrade-opset'

export interface Graft {
  readonly graph: Graph
  /** Records of its own: they become the document's. */
  readonly source: Model
  /** Names in `graph` of values of the source; the others get fresh names. An empty name leaves an input open. */
  readonly names: ReadonlyMap<string, string>
  readonly prefix?: string
}

/**
 * Adds the nodes of the source's main graph, their constants, functions and imports. Returns the names that its values have now.
 * Throws AppError `not-supported` where the two models' opsets do not agree on what an operator does.
 */
export function graftNodes(context: EditContext, { graph, source, names: given, prefix = '' }: Graft): Map<string, string> {
  const { edit } = context
  for (const entry of source.opsetImports) if (usesDomain(source, entry)) addImport(edit, graph, entry)
  requireSameOperators(allNodes(source.graph.nodes), versionsByDomain(source.opsetImports), opsetVersions(edit.document, graph))
  const calls = carryFunctions(context, source)
  const names = new Map(given)
  for (const tensor of source.graph.initializers) {
    if (!names.has(tensor.name)) names.set(tensor.name, carryConstant(context, graph, { tensor, prefix }))
  }
  if (source.graph.sparseInitializers.length > 0) carrySparse(context, graph, { source, names })
  for (const { outputs } of source.graph.nodes) {
    for (const name of outputs) if (name !== '' && !names.has(name)) names.set(name, edit.freshName(graph, `${prefix}${name}`))
  }
  const freshNodeName = freshNodeNames(graph)
  const nodeName = (name: string) => freshNodeName(name === '' ? '' : `${prefix}${name}`)
  for (const node of source.graph.nodes) edit.addNode(graph, cloneNode(node, { edit, into: graph, names, nodeName, calls }))
  const known = new Set(graph.valueInfo.map(({ name }) => name))
  const added = source.graph.valueInfo.map((value) => ({ ...value, name: names.get(value.name) ?? value.name })).filter(({ name }) => !known.has(name))
  if (added.length > 0 && !enclosingFunction(edit.document, graph)) edit.updateGraph(graph, { valueInfo: [...graph.valueInfo, ...added] })
  return names
}

/**
 * The source at the opset of the graph it goes to, raised where there are rules for it. A model whose operators mean the same in
 * both stays as it is. Throws as {@link graftNodes} does.
 */
export async function alignedSource(context: EditContext, graph: Graph, source: Model): Promise<Model> {
  const target = opsetVersions(context.edit.document, graph)
  const own = versionsByDomain(source.opsetImports)
  const [from, to] = [versionInForce(own, ''), versionInForce(target, '')]
  if (from === null || to === null || from >= to || differingOperator(allNodes(source.graph.nodes), own, target) === null) return source
  const document = new ModelDocument(source)
  let refusal: string | null = null
  await document.transact('align', (edit) => void (refusal = upgradeOpset(edit, to)?.message ?? null))
  if (refusal !== null) throw new AppError({ code: 'not-supported', message: `The other model cannot be brought to opset ${to}: ${String(refusal)}` })
  return document.model
}

/** Throws `not-supported` where an operator is another one in the versions the nodes go to. */
export function requireSameOperators(nodes: readonly Node[], from: OpsetVersions, to: OpsetVersions): void {
  const differing = differingOperator(nodes, from, to)
  if (!differing) return
  const { domain, opType } = differing
  const word = (versions: OpsetVersions) => `${domain || 'ai.onnx'} ${versionInForce(versions, domain) ?? 'none'}`
  throw new AppError({ code: 'not-supported', message: `${opType} is another operator in ${word(to)} than in ${word(from)}.`, hint: 'Convert the older of the two models to the newer opset first.' })
}

function differingOperator(nodes: readonly Node[], from: OpsetVersions, to: OpsetVersions): Node | null {
  const since = ({ domain, opType }: Node, versions: OpsetVersions) => {
    const version = versionInForce(versions, domain)
    return version === null ? null : (opSchema(domain, opType, version)?.sinceVersion ?? null)
  }
  return nodes.find((node) => since(node, from) !== since(node, to)) ?? null
}

function usesDomain(model: Model, { domain }: OpsetImport): boolean {
  const nodes = [...allNodes(model.graph.nodes), ...model.functions.flatMap(({ body }) => allNodes(body.nodes))]
  return nodes.some((node) => sameDomain(node.domain, domain)) || (runtimeOpset(domain) === null && model.functions.some((definition) => definition.domain === domain))
}

/** Copies the functions the target lacks; one that is other than the target's of its name is renamed. Returns new names by call. */
function carryFunctions({ edit }: EditContext, source: Model): Map<string, string> {
  const calls = new Map<string, string>()
  const carried: FunctionDefinition[] = []
  for (const definition of source.functions) {
    const { domain, name, overload } = definition
    const known = edit.model.functions.find((other) => sameDomain(other.domain, domain) && other.name === name && other.overload === overload)
    if (known && sameBytes(functionBytes(source, known), functionBytes(source, definition))) continue
    if (known) {
      const taken = new Set(edit.model.functions.map((other) => other.name))
      let fresh = name
      for (let n = 1; taken.has(fresh); n++) fresh = `${name}_${n}`
      calls.set(callKey({ domain, opType: name, overload }), fresh)
    }
    carried.push(definition)
  }
  for (const definition of carried) {
    const body = cloneGraph(definition.body, { edit, into: null, names: new Map(), nodeName: (name) => name, calls })
    const name = calls.get(callKey({ domain: definition.domain, opType: definition.name, overload: definition.overload })) ?? definition.name
    edit.addFunction({ ...definition, name, body: { ...body, name } })
  }
  return calls
}

/** The function as it would be written, wherever it was read from. */
function functionBytes(model: Model, definition: FunctionDefinition): Uint8Array {
  const graph: Graph = { ...model.graph, nodes: [], inputs: [], outputs: [], valueInfo: [], initializers: [], sparseInitializers: [], quantizationAnnotations: [] }
  return joinPieces(encodeModel({ ...model, graph, functions: [{ ...definition }] }))
}

function carryConstant({ edit }: EditContext, graph: Graph, { tensor, prefix }: { tensor: Tensor; prefix: string }): string {
  const { document } = edit
  const known = document.initializer(graph, tensor.name)
  if (known && sameTensor(known, tensor)) return tensor.name
  const name = edit.freshName(graph, `${prefix}${tensor.name}`)
  if (enclosingFunction(document, graph)?.body === graph) {
    edit.addNode(graph, { opType: 'Constant', inputs: [], outputs: [name], attributes: [makeTensor('value', { ...tensor, name: '' })] })
  } else edit.setInitializer(graph, { ...tensor, name })
  return name
}

function carrySparse({ edit }: EditContext, graph: Graph, { source, names }: { source: Model; names: Map<string, string> }): void {
  if (enclosingFunction(edit.document, graph)?.body === graph) throw new AppError({ code: 'not-supported', message: 'Functions have no sparse initializers.' })
  const added = source.graph.sparseInitializers.map((sparse) => {
    const name = edit.freshName(graph, sparse.values.name)
    names.set(sparse.values.name, name)
    return { ...sparse, values: { ...sparse.values, name } }
  })
  edit.updateGraph(graph, { sparseInitializers: [...graph.sparseInitializers, ...added] })
}

function sameTensor(a: Tensor, b: Tensor): boolean {
  if (a.dataType !== b.dataType || a.dims.length !== b.dims.length || a.dims.some((dim, axis) => dim !== b.dims[axis])) return false
  if (a.data.kind === 'strings' || b.data.kind === 'strings') {
    const [left, right] = [a.data.kind === 'strings' ? a.data.values : [], b.data.kind === 'strings' ? b.data.values : []]
    return left.length === right.length && left.every((value, at) => sameBytes(value, right[at] ?? new Uint8Array()))
  }
  return sameBytes(tensorBytes(a), tensorBytes(b))
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}
