import { AppError } from '../../errors'
import type { EditCommandOf, NewNodeInput } from '../../ipc/edit-commands'
import type { NewNode, Placement } from '../document'
import type { Graph, Node } from '../records'
import { type OpSchema, parameterAt } from '../schema/op-schema'
import { requiredAttributes, requireFits, toAttribute } from './attribute-input'
import type { EditContext } from './edit-context'
import { requireFreeNodeName, requireFreeValueName, restoreOrder, withoutTrailingEmpty } from './names'
import { functionOf, requireImport, requireOperator } from './operators'
import { findGraph, findNode, requireVisible } from './references'

export function addNode(context: EditContext, command: EditCommandOf<'addNode'>): void {
  const { edit } = context
  const graph = findGraph(edit.document, command.graph)
  const node = newNode(context, graph, command.node)
  edit.addNode(graph, node, placementOf(context, graph, command))
  restoreOrder(edit, graph)
}

function placementOf({ edit }: EditContext, graph: Graph, { before, after }: { before?: number | string | undefined; after?: number | string | undefined }): Placement {
  if (before !== undefined) return { before: findNode(edit.document, graph, before) }
  return after === undefined ? 'end' : { after: findNode(edit.document, graph, after) }
}

/**
 * The node as its operator's schema completes it: required inputs open, required subgraphs empty, outputs with fresh names.
 * Throws `bad-usage` for what the operator does not take, `not-found` for inputs that nobody makes.
 */
export function newNode(context: EditContext, graph: Graph, input: NewNodeInput): NewNode {
  const { edit } = context
  const { document } = edit
  const schema = requireOperator(document, graph, input)
  const body = functionOf(document, input)?.body
  const inputs = [...withoutTrailingEmpty(input.inputs)]
  const maxInputs = schema?.maxInputs ?? body?.inputs.length ?? Infinity
  if (inputs.length > maxInputs) throw new AppError({ code: 'bad-usage', message: `${input.opType} takes at most ${maxInputs} inputs, not ${inputs.length}.` })
  for (const name of inputs) if (name !== '') requireVisible(document, graph, name)
  while (inputs.length < (schema?.minInputs ?? 0)) inputs.push('')
  requireFreeNodeName(graph, input.name ?? '')
  requireImport(edit, graph, input.domain)
  const given = input.attributes.map((attribute) => toAttribute(attribute, context))
  for (const attribute of given) requireFits(schema, attribute)
  const attributes = schema ? [...given, ...requiredAttributes(schema, given, (name) => emptyGraph(context, name))] : given
  return { opType: input.opType, domain: input.domain, name: input.name ?? '', inputs, outputs: outputsOf(context, graph, input, schema), attributes }
}

function outputsOf({ edit }: EditContext, graph: Graph, input: NewNodeInput, schema: OpSchema | null): string[] {
  const most = schema?.maxOutputs ?? Infinity
  if (input.outputs) {
    if (input.outputs.length > most) throw new AppError({ code: 'bad-usage', message: `${input.opType} has at most ${most} outputs, not ${input.outputs.length}.` })
    for (const name of input.outputs) if (name !== '') requireFreeValueName(edit.document, graph, name)
    return input.outputs
  }
  const body = functionOf(edit.document, input)?.body
  const names = body ? body.outputs.map(({ name }) => name) : Array.from({ length: Math.max(1, schema?.minOutputs ?? 1) }, (_, at) => schema && parameterAt(schema.outputs, at)?.name)
  if (schema?.maxOutputs === 0) return []
  return names.map((name) => edit.freshName(graph, `${input.name || input.opType}_${name || 'output'}`))
}

function emptyGraph({ edit }: EditContext, name: string): Graph {
  return {
    id: edit.newGraphId(),
    name,
    docString: '',
    nodes: [],
    inputs: [],
    outputs: [],
    valueInfo: [],
    initializers: [],
    sparseInitializers: [],
    quantizationAnnotations: [],
    metadata: [],
    unknown: [],
  }
}

/** Puts a node on an edge: it reads what was read, and the readers read it. */
export function insertNode(context: EditContext, command: EditCommandOf<'insertNode'>): void {
  const { edit } = context
  const { document } = edit
  const graph = findGraph(document, command.graph)
  requireVisible(document, graph, command.value)
  const readers = command.into?.map(({ node, input }) => ({ node: findNode(document, graph, node), input }))
  for (const { node, input } of readers ?? []) {
    if (node.inputs[input] !== command.value) throw new AppError({ code: 'not-found', message: `Input ${input} of ${node.opType} '${node.name}' does not read '${command.value}'.` })
  }
  const source = document.index(graph).definition(command.value)
  const isOutput = graph.outputs.some(({ name }) => name === command.value)
  if (!readers && isOutput && source?.kind !== 'node') {
    throw new AppError({ code: 'not-supported', message: `'${command.value}' goes straight out of the graph under its own name.`, hint: 'Choose the readers that the node is for.' })
  }
  const after = (made: NewNode) => edit.addNode(graph, made, source?.kind === 'node' ? { after: currentNode(context, graph, source.node) } : first(graph))
  if (readers || !isOutput) {
    const made = after(newNode(context, graph, withInput(command, command.value)))
    const output = outputFor(made)
    if (readers) for (const { node, input } of readers) edit.setInput(graph, node, input, output)
    else edit.replaceUses(graph, command.value, output, ({ id }) => id !== made.id)
  } else if (source?.kind === 'node') insertBeforeOutput(context, graph, { command, source: source.node })
  restoreOrder(edit, graph)
}

/** The graph's output keeps its name: the new node makes it, and what made it until now gets a new name. */
function insertBeforeOutput(context: EditContext, graph: Graph, { command, source }: { command: EditCommandOf<'insertNode'>; source: Node }): void {
  const { edit } = context
  const inner = edit.freshName(graph, `${command.value}_before_${command.node.name || command.node.opType}`)
  const renamed = edit.updateNode(graph, source, { outputs: source.outputs.map((name) => (name === command.value ? inner : name)) })
  const made = newNode(context, graph, { ...withInput(command, inner), outputs: [command.value, ...(command.node.outputs?.slice(1) ?? [])] })
  edit.addNode(graph, made, { after: renamed })
}

function withInput({ node, input }: EditCommandOf<'insertNode'>, value: string): NewNodeInput {
  const inputs = [...node.inputs]
  while (inputs.length <= input) inputs.push('')
  inputs[input] = value
  return { ...node, inputs }
}

function outputFor(node: Node): string {
  const [output = ''] = node.outputs
  if (output === '') throw new AppError({ code: 'bad-usage', message: `${node.opType} has no output to read.` })
  return output
}

function currentNode({ edit }: EditContext, graph: Graph, node: Node): Node {
  return edit.document.index(graph).nodes.get(node.id) ?? node
}

function first(graph: Graph): Placement {
  const [node] = graph.nodes
  return node ? { before: node } : 'end'
}
