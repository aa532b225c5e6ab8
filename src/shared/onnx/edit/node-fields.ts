import { AppError } from '../../errors'
import type { EditCommandOf } from '../../ipc/edit-commands'
import type { Graph, Node } from '../records'
import { requireFits, toAttribute } from './attribute-input'
import type { EditContext } from './edit-context'
import { requireFreeNodeName, requireFreeValueName, restoreOrder, withoutTrailingEmpty } from './names'
import { functionOf, requireImport, requireOperator, schemaIn } from './operators'
import { findGraph, findNode, requireVisible } from './references'

interface Place {
  readonly graph: Graph
  readonly node: Node
}

function placeOf({ edit }: EditContext, command: { readonly graph?: number | string | undefined; readonly node: number | string }): Place {
  const graph = findGraph(edit.document, command.graph)
  return { graph, node: findNode(edit.document, graph, command.node) }
}

export function renameNode(context: EditContext, command: EditCommandOf<'renameNode'>): void {
  const { graph, node } = placeOf(context, command)
  requireFreeNodeName(graph, command.name, node.id)
  context.edit.updateNode(graph, node, { name: command.name })
}

export function setDocString(context: EditContext, command: EditCommandOf<'setDocString'>): void {
  const { graph, node } = placeOf(context, command)
  context.edit.updateNode(graph, node, { docString: command.docString })
}

/** Inputs and outputs stay; the checker tells where the new operator takes fewer or needs more. */
export function setOperator(context: EditContext, command: EditCommandOf<'setOperator'>): void {
  const { edit } = context
  const { graph, node } = placeOf(context, command)
  const domain = command.domain ?? node.domain
  const schema = requireOperator(edit.document, graph, { domain, opType: command.opType })
  requireImport(edit, graph, domain)
  const attributes = schema ? node.attributes.filter(({ name, type }) => schema.attributes.get(name)?.type === type) : node.attributes
  const dropped = node.attributes.filter((attribute) => !attributes.includes(attribute))
  edit.updateNode(graph, node, { opType: command.opType, domain, attributes })
  if (dropped.length > 0) {
    context.note({ severity: 'info', code: 'attributes-dropped', message: `${command.opType} has no ${dropped.map(({ name }) => name).join(', ')}; ${dropped.length === 1 ? 'it was' : 'they were'} dropped.`, nodeId: node.id })
  }
}

export function setInput(context: EditContext, command: EditCommandOf<'setInput'>): void {
  const { edit } = context
  const { graph, node } = placeOf(context, command)
  const most = schemaIn(edit.document, graph, node)?.maxInputs ?? functionOf(edit.document, node)?.body.inputs.length ?? Infinity
  if (command.input >= most) throw new AppError({ code: 'bad-usage', message: `${node.opType} has ${most} ${most === 1 ? 'input' : 'inputs'} at most; there is no input ${command.input}.` })
  if (command.input > node.inputs.length + MAX_GAP) throw new AppError({ code: 'bad-usage', message: `Input ${command.input} is too far beyond the last one.` })
  if (command.value !== '') requireVisible(edit.document, graph, command.value)
  const inputs = [...node.inputs]
  while (inputs.length <= command.input) inputs.push('')
  inputs[command.input] = command.value
  edit.updateNode(graph, node, { inputs: withoutTrailingEmpty(inputs) })
  if (command.value !== '') restoreOrder(edit, graph)
}

/** Optional inputs that may be skipped at once: more than any operator has, fewer than would fill memory. */
const MAX_GAP = 64

export function setOutput(context: EditContext, command: EditCommandOf<'setOutput'>): void {
  const { edit } = context
  const { graph, node } = placeOf(context, command)
  const most = schemaIn(edit.document, graph, node)?.maxOutputs ?? functionOf(edit.document, node)?.body.outputs.length ?? Infinity
  if (command.output >= most || command.output > node.outputs.length + MAX_GAP) {
    throw new AppError({ code: 'bad-usage', message: `${node.opType} has ${most} ${most === 1 ? 'output' : 'outputs'} at most; there is no output ${command.output}.` })
  }
  const before = node.outputs[command.output] ?? ''
  if (before === command.value) return
  if (before !== '' && command.value !== '') {
    throw new AppError({ code: 'bad-usage', message: `Output ${command.output} of ${node.opType} is called '${before}' already.`, hint: 'Rename the value instead.' })
  }
  if (before !== '' && edit.document.uses(graph, before).length > 0) throw new AppError({ code: 'bad-usage', message: `'${before}' is still read.`, hint: 'Disconnect its readers first.' })
  if (command.value !== '') requireFreeValueName(edit.document, graph, command.value)
  const outputs = [...node.outputs]
  while (outputs.length <= command.output) outputs.push('')
  outputs[command.output] = command.value
  edit.updateNode(graph, node, { outputs: withoutTrailingEmpty(outputs) })
}

export function setAttribute(context: EditContext, command: EditCommandOf<'setAttribute'>): void {
  const { edit } = context
  const { graph, node } = placeOf(context, command)
  const attribute = toAttribute(command.attribute, context)
  requireFits(schemaIn(edit.document, graph, node), attribute)
  edit.setAttribute(graph, node, attribute.name, attribute)
}

export function removeAttribute(context: EditContext, command: EditCommandOf<'removeAttribute'>): void {
  const { edit } = context
  const { graph, node } = placeOf(context, command)
  if (!node.attributes.some(({ name }) => name === command.name)) throw new AppError({ code: 'not-found', message: `${node.opType} '${node.name}' has no attribute '${command.name}'.` })
  if (schemaIn(edit.document, graph, node)?.attributes.get(command.name)?.required) {
    throw new AppError({ code: 'bad-usage', message: `${node.opType} needs the attribute '${command.name}'.`, hint: 'Set it to another value instead.' })
  }
  edit.setAttribute(graph, node, command.name, null)
}
