/** Graph inputs and outputs, the names and the declared types of values. */
import { AppError } from '../../errors'
import type { EditCommandOf } from '../../ipc/edit-commands'
import type { Graph, ValueInfo } from '../records'
import { enclosingFunction } from '../schema/opset-versions'
import { parseType } from '../text/parse-type'
import type { EditContext } from './edit-context'
import { requireFreeValueName } from './names'
import { findGraph, requireVisible } from './references'

export function renameValue({ edit }: EditContext, { graph: ref, from, to }: EditCommandOf<'renameValue'>): void {
  if (from === to) return
  const graph = findGraph(edit.document, ref)
  requireFreeValueName(edit.document, graph, to)
  const sparse = graph.sparseInitializers.some(({ values }) => values.name === from)
  if (sparse) throw new AppError({ code: 'not-supported', message: `'${from}' is a sparse initializer; those keep their names.` })
  edit.renameValue(graph, from, to)
  if (graph.quantizationAnnotations.some(({ tensorName }) => tensorName === from)) {
    edit.updateGraph(graph, { quantizationAnnotations: graph.quantizationAnnotations.map((known) => (known.tensorName === from ? { ...known, tensorName: to } : known)) })
  }
}

export function addInput({ edit }: EditContext, command: EditCommandOf<'addInput'>): void {
  const graph = findGraph(edit.document, command.graph)
  requireFreeValueName(edit.document, graph, command.name)
  edit.updateGraph(graph, { inputs: graph.inputs.toSpliced(command.index ?? graph.inputs.length, 0, { name: command.name, type: typeFor(edit, graph, command.type) }) })
}

/** A function's body knows names only. */
function typeFor(edit: EditContext['edit'], graph: Graph, text: string) {
  return enclosingFunction(edit.document, graph)?.body === graph ? null : parseType(text)
}

export function addOutput(context: EditContext, command: EditCommandOf<'addOutput'>): void {
  const { edit } = context
  const graph = findGraph(edit.document, command.graph)
  requireVisible(edit.document, graph, command.name)
  if (graph.outputs.some(({ name }) => name === command.name)) throw new AppError({ code: 'bad-usage', message: `'${command.name}' is an output of graph '${graph.name}' already.` })
  const type = command.type === undefined ? context.types().typeOf(graph, command.name) : typeFor(edit, graph, command.type)
  const isBody = enclosingFunction(edit.document, graph)?.body === graph
  if (!isBody && (!type || (type.kind === 'tensor' && type.dataType === 0))) {
    throw new AppError({ code: 'bad-usage', message: `The type of '${command.name}' does not follow from the graph.`, hint: 'Give it with the output.' })
  }
  const output = { name: command.name, type: isBody ? null : type }
  edit.updateGraph(graph, {
    outputs: graph.outputs.toSpliced(command.index ?? graph.outputs.length, 0, output),
    // onnxruntime takes a value declared twice for an error where the two differ.
    valueInfo: graph.valueInfo.filter(({ name }) => name !== command.name),
  })
}

export function removeInput({ edit }: EditContext, command: EditCommandOf<'removeInput'>): void {
  const graph = findGraph(edit.document, command.graph)
  if (!graph.inputs.some(({ name }) => name === command.name)) throw notFound(`Graph '${graph.name}' has no input '${command.name}'.`)
  const hasDefault = edit.document.index(graph).initializers.has(command.name)
  const [use] = edit.document.uses(graph, command.name)
  if (use && !hasDefault) {
    throw new AppError({ code: 'bad-usage', message: `'${command.name}' is still read by ${use.node ? `${use.node.opType} '${use.node.name}'` : 'the graph outputs'}.`, hint: 'Disconnect its readers first.' })
  }
  edit.updateGraph(graph, { inputs: graph.inputs.filter(({ name }) => name !== command.name) })
}

export function removeOutput({ edit }: EditContext, command: EditCommandOf<'removeOutput'>): void {
  const graph = findGraph(edit.document, command.graph)
  if (!graph.outputs.some(({ name }) => name === command.name)) throw notFound(`Graph '${graph.name}' has no output '${command.name}'.`)
  edit.updateGraph(graph, { outputs: graph.outputs.filter(({ name }) => name !== command.name) })
}

export function reorderInputs({ edit }: EditContext, command: EditCommandOf<'reorderInputs'>): void {
  const graph = findGraph(edit.document, command.graph)
  edit.updateGraph(graph, { inputs: inOrder(graph.inputs, command.names) })
}

export function reorderOutputs({ edit }: EditContext, command: EditCommandOf<'reorderOutputs'>): void {
  const graph = findGraph(edit.document, command.graph)
  edit.updateGraph(graph, { outputs: inOrder(graph.outputs, command.names) })
}

function inOrder(values: readonly ValueInfo[], names: readonly string[]): ValueInfo[] {
  const left = [...values]
  const sorted = names.map((wanted) => {
    const at = left.findIndex(({ name }) => name === wanted)
    const [value] = at < 0 ? [] : left.splice(at, 1)
    if (!value) throw new AppError({ code: 'bad-usage', message: `'${wanted}' is not among ${values.map(({ name }) => name).join(', ')}, or is named twice.` })
    return value
  })
  if (left.length > 0) throw new AppError({ code: 'bad-usage', message: `The order leaves out ${left.map(({ name }) => name).join(', ')}.` })
  return sorted
}

export function setValueType({ edit }: EditContext, command: EditCommandOf<'setValueType'>): void {
  const graph = findGraph(edit.document, command.graph)
  const type = command.type === null ? null : parseType(command.type)
  const retyped = (values: readonly ValueInfo[]) => values.map((value) => (value.name === command.name ? { ...value, type } : value))
  const isOuter = [...graph.inputs, ...graph.outputs].some(({ name }) => name === command.name)
  if (isOuter) {
    if (enclosingFunction(edit.document, graph)?.body === graph) throw new AppError({ code: 'not-supported', message: 'Inputs and outputs of a function have no types.' })
    edit.updateGraph(graph, { inputs: retyped(graph.inputs), outputs: retyped(graph.outputs) })
    return
  }
  if (edit.document.index(graph).definition(command.name)?.kind !== 'node') throw notFound(`Graph '${graph.name}' computes no value '${command.name}'.`)
  const others = graph.valueInfo.filter(({ name }) => name !== command.name)
  const known = graph.valueInfo.find(({ name }) => name === command.name)
  edit.updateGraph(graph, { valueInfo: type === null ? others : known ? retyped(graph.valueInfo) : [...others, { name: command.name, type }] })
}

function notFound(message: string): AppError {
  return new AppError({ code: 'not-found', message })
}
