/** Pasting, replacing a selection, and joining: what puts another model into this one. */
import { AppError } from '../../errors'
import type { EditCommandOf } from '../../ipc/edit-commands'
import type { Edit } from '../document'
import type { Graph, Model, Node, ValueInfo } from '../records'
import type { EditContext } from './edit-context'
import { boundaryOf } from './extract-model'
import { alignedSource, graftNodes } from './graft'
import { restoreOrder } from './names'
import { findGraph, findNodes, isVisible, requireVisible } from './references'

export async function paste(context: EditContext, command: EditCommandOf<'paste'>): Promise<void> {
  const { edit } = context
  const { document } = edit
  const graph = findGraph(document, command.graph)
  const source = await alignedSource(context, graph, context.model(command.model.path))
  const names = new Map<string, string>()
  for (const input of fedInputs(source)) {
    const wanted = command.connect[input.name]
    if (wanted !== undefined && wanted !== '') requireVisible(document, graph, wanted)
    if (wanted !== undefined) names.set(input.name, wanted)
    else if (isVisible(document, graph, input.name)) names.set(input.name, input.name)
    else names.set(input.name, graph === document.model.graph ? newInput(edit, graph, input) : '')
  }
  graftNodes(context, { graph, source, names })
  restoreOrder(edit, graph)
}

/** Inputs that are no constants' names. */
function fedInputs({ graph }: Model): ValueInfo[] {
  const constants = new Set(graph.initializers.map(({ name }) => name))
  return graph.inputs.filter(({ name }) => !constants.has(name))
}

function newInput(edit: Edit, graph: Graph, input: ValueInfo, prefix = ''): string {
  const name = edit.freshName(graph, `${prefix}${input.name}`)
  edit.updateGraph(graph, { inputs: [...graph.inputs, { ...input, name }] })
  return name
}

export async function replaceNodes(context: EditContext, command: EditCommandOf<'replaceNodes'>): Promise<void> {
  const { edit } = context
  const { document } = edit
  const graph = findGraph(document, command.graph)
  const chosen = findNodes(document, graph, command.nodes)
  const source = await alignedSource(context, graph, context.model(command.model.path))
  const boundary = boundaryOf(document, graph, chosen)
  const names = matched(fedInputs(source).map(({ name }) => name), boundary.inputs, { map: command.inputs, known: (name) => isVisible(document, graph, name) })
  const given = matched(source.graph.outputs.map(({ name }) => name), boundary.outputs, { map: command.outputs, known: (name) => boundary.outputs.includes(name) })
  const missing = boundary.outputs.filter((name) => ![...given.values()].includes(name))
  if (missing.length > 0) throw new AppError({ code: 'bad-usage', message: `The replacement gives nothing for ${missing.map((name) => `'${name}'`).join(', ')}.`, hint: 'Say which of its outputs stands for it.' })
  for (const name of fedInputs(source).map((input) => input.name)) {
    const value = names.get(name)
    if (value === undefined) throw new AppError({ code: 'bad-usage', message: `Nothing feeds the replacement's input '${name}'.`, hint: 'Say which value it reads.' })
    requireVisible(document, graph, value)
  }
  const throughput = source.graph.outputs.find(({ name }) => names.has(name) || source.graph.initializers.some((tensor) => tensor.name === name))
  if (throughput) throw new AppError({ code: 'not-supported', message: `The replacement gives out '${throughput.name}' without computing it.` })
  takeOut(edit, graph, chosen)
  graftNodes(context, { graph, source, names: new Map([...names, ...given]) })
  removeTakenOut(edit, graph, chosen)
  restoreOrder(edit, graph)
}

/** Partners by map, then by name, then in order among those that are left. */
function matched(wanted: readonly string[], available: readonly string[], { map, known }: { map: Readonly<Record<string, string>>; known: (name: string) => boolean }): Map<string, string> {
  const found = new Map<string, string>()
  for (const name of wanted) {
    const partner = map[name] ?? (known(name) ? name : undefined)
    if (partner !== undefined) found.set(name, partner)
  }
  const left = available.filter((name) => ![...found.values()].includes(name))
  for (const name of wanted) {
    const partner = found.has(name) ? undefined : left.shift()
    if (partner !== undefined) found.set(name, partner)
  }
  return found
}

/** Frees the names that the nodes make, so that others can make them. Follow with {@link removeTakenOut}. */
export function takeOut(edit: Edit, graph: Graph, nodes: readonly Node[]): void {
  for (const node of nodes) {
    edit.updateNode(graph, node, { outputs: node.outputs.map((name) => (name === '' ? '' : edit.freshName(graph, `${name}_replaced`))) })
  }
}

/** Removes nodes whose outputs were renamed, and what nothing reads any more because of it. */
export function removeTakenOut(edit: Edit, graph: Graph, nodes: readonly Node[]): void {
  const { document } = edit
  const read = new Set(nodes.flatMap(({ inputs }) => inputs))
  const made = nodes.flatMap(({ outputs }) => outputs)
  for (const { id } of nodes.toReversed()) {
    const node = document.index(graph).nodes.get(id)
    if (node) edit.removeNode(graph, node)
  }
  for (const name of read) {
    const isInput = graph.inputs.some((input) => input.name === name)
    if (document.index(graph).initializers.has(name) && !isInput && document.uses(graph, name).length === 0) edit.removeInitializer(graph, name)
  }
  // Types declared of what the nodes made need not hold of what stands there now.
  const valueInfo = graph.valueInfo.filter(({ name }) => !made.includes(name))
  if (valueInfo.length < graph.valueInfo.length) edit.updateGraph(graph, { valueInfo })
}

export async function joinModel(context: EditContext, command: EditCommandOf<'joinModel'>): Promise<void> {
  const { edit } = context
  const { document } = edit
  const graph = document.model.graph
  const source = await alignedSource(context, graph, context.model(command.model.path))
  const inputs = fedInputs(source)
  const ours = graph.outputs.map(({ name }) => name)
  const connections = connectionsOf(inputs, ours, command.connect)
  for (const value of connections.values()) requireVisible(document, graph, value)
  if (connections.size === 0) throw new AppError({ code: 'bad-usage', message: 'No input of the other model is connected.', hint: 'Say which output feeds which input.' })
  const names = new Map(connections)
  for (const input of inputs) if (!names.has(input.name)) names.set(input.name, newInput(edit, graph, input, command.prefix))
  const used = [...connections.values()].filter((name) => !command.keepOutputs.includes(name))
  edit.updateGraph(graph, { outputs: graph.outputs.filter(({ name }) => !used.includes(name)) })
  const placed = graftNodes(context, { graph, source, names, prefix: command.prefix })
  const outputs = source.graph.outputs.map((output) => ({ ...output, name: placed.get(output.name) ?? output.name }))
  edit.updateGraph(graph, { outputs: [...graph.outputs, ...outputs.filter(({ name }) => !graph.outputs.some((known) => known.name === name))], valueInfo: graph.valueInfo.filter(({ name }) => !outputs.some((output) => output.name === name)) })
  restoreOrder(edit, graph)
}

function connectionsOf(inputs: readonly ValueInfo[], outputs: readonly string[], given: Readonly<Record<string, string>> | undefined): Map<string, string> {
  if (given) {
    const unknown = Object.keys(given).find((name) => !inputs.some((input) => input.name === name))
    if (unknown !== undefined) throw new AppError({ code: 'not-found', message: `The other model has no input '${unknown}'.`, hint: `It has ${inputs.map(({ name }) => name).join(', ')}.` })
    return new Map(Object.entries(given))
  }
  const byName = inputs.filter(({ name }) => outputs.includes(name))
  if (byName.length > 0) return new Map(byName.map(({ name }) => [name, name]))
  return new Map(inputs.slice(0, outputs.length).map(({ name }, at) => [name, outputs[at] ?? '']))
}
