/** Constants of a graph: initializers, and the tensors of Constant nodes under the name of their value. */
import { AppError } from '../../errors'
import type { EditCommandOf, TensorInput } from '../../ipc/edit-commands'
import { makeTensor } from '../attributes'
import { DATA_TYPES, dataTypeName, type DataTypeName } from '../data-type'
import type { Graph, Node, Tensor } from '../records'
import { elementCount, tensorBytes, tensorNumbers } from '../tensor-data'
import { toTensor } from './attribute-input'
import { convertTensor } from './convert-tensor'
import type { EditContext } from './edit-context'
import { elementBytes } from './element-bytes'
import { requireFreeValueName } from './names'
import { findGraph } from './references'

type Stored = { readonly tensor: Tensor; readonly constant: Node | null }

function stored({ edit }: EditContext, graph: Graph, name: string): Stored {
  const found = edit.document.index(graph).definition(name)
  if (found?.kind === 'initializer') return { tensor: found.tensor, constant: null }
  if (found?.kind === 'node' && found.node.opType === 'Constant') {
    const value = found.node.attributes.find((attribute) => attribute.name === 'value')
    if (value?.type === 'tensor') return { tensor: value.value, constant: found.node }
  }
  throw new AppError({ code: 'not-found', message: `Graph '${graph.name}' has no initializer or Constant '${name}' with a dense tensor.` })
}

function put({ edit }: EditContext, graph: Graph, { name, constant, tensor }: { name: string; constant: Node | null; tensor: Tensor }): void {
  if (constant) edit.setAttribute(graph, constant, 'value', makeTensor('value', { ...tensor, name: '' }))
  else edit.setInitializer(graph, { ...tensor, name })
  // A declaration from before would contradict it.
  const declared = graph.inputs.find((input) => input.name === name)
  const type = { kind: 'tensor' as const, dataType: tensor.dataType, shape: tensor.dims }
  if (declared) edit.updateGraph(graph, { inputs: graph.inputs.map((input) => (input === declared ? { ...input, type } : input)) })
  if (graph.valueInfo.some((value) => value.name === name)) edit.updateGraph(graph, { valueInfo: graph.valueInfo.filter((value) => value.name !== name) })
}

/** Functions have no initializers; a Constant node does the same there. */
export function addInitializer(context: EditContext, command: EditCommandOf<'addInitializer'>): void {
  const { edit } = context
  const graph = findGraph(edit.document, command.graph)
  requireFreeValueName(edit.document, graph, command.name)
  const tensor = toTensor(command.tensor, command.name, context)
  if (edit.document.model.functions.some(({ body }) => body === graph)) {
    const [first] = graph.nodes
    edit.addNode(graph, { opType: 'Constant', inputs: [], outputs: [command.name], attributes: [makeTensor('value', { ...tensor, name: '' })] }, first ? { before: first } : 'end')
  } else edit.setInitializer(graph, tensor)
}

export function setInitializer(context: EditContext, command: EditCommandOf<'setInitializer'>): void {
  const graph = findGraph(context.edit.document, command.graph)
  const { constant } = stored(context, graph, command.name)
  put(context, graph, { name: command.name, constant, tensor: toTensor(command.tensor satisfies TensorInput, command.name, context) })
}

export function removeInitializer({ edit }: EditContext, command: EditCommandOf<'removeInitializer'>): void {
  const graph = findGraph(edit.document, command.graph)
  if (!edit.document.index(graph).initializers.has(command.name)) throw new AppError({ code: 'not-found', message: `Graph '${graph.name}' has no initializer '${command.name}'.` })
  const isInput = graph.inputs.some(({ name }) => name === command.name)
  const [use] = isInput && edit.document.model.irVersion >= 4 ? [] : edit.document.uses(graph, command.name)
  if (use) {
    throw new AppError({ code: 'bad-usage', message: `'${command.name}' is still read by ${use.node ? `${use.node.opType} '${use.node.name}'` : 'the graph outputs'}.`, hint: 'Disconnect its readers first.' })
  }
  edit.removeInitializer(graph, command.name)
}

export function convertInitializer(context: EditContext, command: EditCommandOf<'convertInitializer'>): void {
  const graph = findGraph(context.edit.document, command.graph)
  const { tensor, constant } = stored(context, graph, command.name)
  const { converted, loss } = convertTensor(tensor, command.dtype)
  put(context, graph, { name: command.name, constant, tensor: converted })
  if (loss) context.note({ severity: 'warning', code: 'lossy-conversion', message: `Converting '${command.name}' to ${command.dtype} ${loss}.`, valueName: command.name })
}

export function setElements(context: EditContext, command: EditCommandOf<'setElements'>): void {
  const graph = findGraph(context.edit.document, command.graph)
  const { tensor, constant } = stored(context, graph, command.name)
  const dataType = dataTypeName(tensor.dataType)
  const count = elementCount(tensor)
  for (const { index } of command.elements) {
    if (index >= count) throw new AppError({ code: 'bad-usage', message: `'${command.name}' has ${count} elements; there is no element ${index}.` })
  }
  if (dataType === null) throw new AppError({ code: 'not-supported', message: `'${command.name}' has a data type that cannot be edited.` })
  put(context, graph, { name: command.name, constant, tensor: withElements(tensor, dataType, command.elements) })
}

function withElements(tensor: Tensor, dataType: DataTypeName, elements: EditCommandOf<'setElements'>['elements']): Tensor {
  if (tensor.data.kind === 'strings') {
    const values = [...tensor.data.values]
    for (const { index, value } of elements) values[index] = new TextEncoder().encode(String(value))
    return { ...tensor, data: { kind: 'strings', values } }
  }
  const { bits } = DATA_TYPES[dataType]
  if (dataType === 'complex64' || dataType === 'complex128') throw new AppError({ code: 'not-supported', message: 'Complex numbers cannot be edited one by one.' })
  if (bits < 8) {
    const codes = Array.from<number | bigint>(tensorNumbers(tensor))
    for (const { index, value } of elements) codes[index] = Number(value)
    return { ...tensor, data: { kind: 'bytes', bytes: elementBytes(dataType, codes) } }
  }
  const bytes = Uint8Array.from(tensorBytes(tensor))
  for (const { index, value } of elements) bytes.set(elementBytes(dataType, [value]), (index * bits) / 8)
  return { ...tensor, data: { kind: 'bytes', bytes } }
}
