/** Dimensions fixed or made symbolic through a whole model. */
import { AppError } from '../../errors'
import type { EditCommandOf } from '../../ipc/edit-commands'
import { DATA_TYPES } from '../data-type'
import type { Edit, ModelDocument } from '../document'
import { inferTypes, type TypeTable } from '../infer/infer-types'
import type { Dim, Graph, Node, ValueInfo, ValueType } from '../records'
import { elementCount, rawTensor, bytesOf, tensorNumbers } from '../tensor-data'
import type { EditContext } from './edit-context'

export function setSymbol(context: EditContext, { symbol, dim }: EditCommandOf<'setSymbol'>): void {
  const { edit } = context
  const found = edit.document.graphs().some((graph) => [...graph.inputs, ...graph.outputs, ...graph.valueInfo].some(({ type }) => symbolsOf(type).includes(symbol)))
  if (!found) throw new AppError({ code: 'not-found', message: `No dimension is called '${symbol}'.` })
  for (const graph of edit.document.graphs()) replaceDims(edit, graph, (known) => (known === symbol ? dim : known))
}

export function setDimension(context: EditContext, command: EditCommandOf<'setDimension'>): void {
  const { edit } = context
  const { graph } = edit.model
  const input = graph.inputs.find(({ name }) => name === command.input)
  if (!input) throw new AppError({ code: 'not-found', message: `The model has no input '${command.input}'.` })
  if (input.type?.kind !== 'tensor' || !input.type.shape) throw new AppError({ code: 'not-supported', message: `The rank of '${command.input}' is not known.`, hint: 'Declare its type first.' })
  const { shape } = input.type
  const axis = command.axis < 0 ? command.axis + shape.length : command.axis
  const before = shape[axis]
  if (before === undefined) throw new AppError({ code: 'bad-usage', message: `'${command.input}' has ${shape.length} dimensions; there is no axis ${command.axis}.` })
  // A symbol stands for the same size everywhere.
  if (typeof before === 'string' && before !== '') setSymbol(context, { kind: 'setSymbol', symbol: before, dim: command.dim })
  else {
    const after: ValueType = { ...input.type, shape: shape.with(axis, command.dim) }
    redeclare(edit, (document) => {
      edit.updateGraph(graph, { inputs: graph.inputs.map((known) => (known === input ? { ...known, type: after } : known)) })
      if (typeof command.dim === 'string' && typeof before === 'number') loosenReshapes(context, document, { symbol: command.dim, size: before })
    })
  }
}

/**
 * Runs `change`, then brings the declared types of outputs and inner values up to date: with what follows from the graph where
 * that changed, as they were where it did not.
 */
function redeclare(edit: Edit, change: (document: ModelDocument) => void): void {
  const { document } = edit
  const { graph } = document.model
  const { outputs, valueInfo } = graph
  const bare = (values: readonly ValueInfo[]) => values.map((value) => ({ ...value, type: withoutShape(value.type) }))
  edit.updateGraph(graph, { outputs: bare(outputs), valueInfo: [] })
  const before = inferTypes(document)
  change(document)
  const after = inferTypes(document)
  const updated = (values: readonly ValueInfo[]) => values.map((value) => ({ ...value, type: merged(value.type, before.typeOf(graph, value.name), after.typeOf(graph, value.name)) }))
  edit.updateGraph(graph, { outputs: updated(outputs), valueInfo: updated(valueInfo) })
}

function withoutShape(type: ValueType | null): ValueType | null {
  return type?.kind === 'tensor' ? { kind: 'tensor', dataType: type.dataType } : type
}

function merged(declared: ValueType | null, before: ValueType | null, after: ValueType | null): ValueType | null {
  if (declared?.kind !== 'tensor' || !declared.shape || before?.kind !== 'tensor' || after?.kind !== 'tensor' || !after.shape || after.shape.length !== declared.shape.length) return declared
  const shape = after.shape.map((dim, axis): Dim => {
    const unchanged = before.shape?.[axis] === dim
    return unchanged || (dim === null && before.shape?.[axis] === undefined) ? (declared.shape?.[axis] ?? null) : dim
  })
  return { ...declared, shape }
}

function replaceDims(edit: Edit, graph: Graph, replace: (dim: Dim) => Dim): void {
  const lists = { inputs: graph.inputs, outputs: graph.outputs, valueInfo: graph.valueInfo }
  const changed = Object.entries(lists).flatMap(([key, values]) => {
    const after = values.map((value) => withDims(value, replace))
    return after.some((value, at) => value !== values[at]) ? [[key, after] as const] : []
  })
  if (changed.length > 0) edit.updateGraph(graph, Object.fromEntries(changed))
}

function withDims(value: ValueInfo, replace: (dim: Dim) => Dim): ValueInfo {
  const type = typeWithDims(value.type, replace)
  return type === value.type ? value : { ...value, type }
}

function typeWithDims(type: ValueType | null, replace: (dim: Dim) => Dim): ValueType | null {
  if (!type) return type
  if (type.kind === 'sequence' || type.kind === 'optional') {
    const element = typeWithDims(type.element, replace)
    return element === type.element ? type : { ...type, element }
  }
  if ((type.kind !== 'tensor' && type.kind !== 'sparse-tensor') || !type.shape) return type
  const shape = type.shape.map(replace)
  return shape.some((dim, axis) => dim !== type.shape?.[axis]) ? { ...type, shape } : type
}

function symbolsOf(type: ValueType | null): string[] {
  if (type?.kind === 'tensor' || type?.kind === 'sparse-tensor') return (type.shape ?? []).filter((dim) => typeof dim === 'string')
  return type?.kind === 'sequence' || type?.kind === 'optional' ? symbolsOf(type.element) : []
}

const MAX_ROUNDS = 64

/**
 * Constant targets of Reshape that repeat the old size where the input now has the symbol: 0 copies the input's dimension, which
 * for the old size is the same. Each round may let the symbol through to the next Reshape.
 */
function loosenReshapes(context: EditContext, document: ModelDocument, { symbol, size }: { symbol: string; size: number }): void {
  const { edit } = context
  const { graph } = document.model
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const types = inferTypes(document)
    const fixed = graph.nodes.flatMap((node) => fixedReshape(document, types, { node, symbol, size }) ?? [])
    if (fixed.length === 0) return
    for (const { node, dims } of fixed) {
      const name = edit.freshName(graph, `${node.inputs[1] ?? ''}_open`)
      edit.setInitializer(graph, rawTensor(name, 'int64', [dims.length], bytesOf(BigInt64Array.from(dims))))
      edit.setInput(graph, node, 1, name)
      context.note({ severity: 'info', code: 'reshape-loosened', message: `Reshape '${node.name}' keeps its input's dimension '${symbol}' instead of the size ${size}.`, nodeId: node.id, nodeName: node.name })
    }
  }
}

function fixedReshape(document: ModelDocument, types: TypeTable, { node, symbol, size }: { node: Node; symbol: string; size: number }): { node: Node; dims: bigint[] } | null {
  if (node.opType !== 'Reshape' || node.domain !== '' || node.attributes.some(({ name, value }) => name === 'allowzero' && value === 1n)) return null
  const { graph } = document.model
  const target = document.initializer(graph, node.inputs[1] ?? '')
  const type = types.typeOf(graph, node.inputs[0] ?? '')
  const shape = type?.kind === 'tensor' ? type.shape : undefined
  if (target?.dataType !== DATA_TYPES.int64.code || !shape || elementCount(target) > 64) return null
  const numbers = tensorNumbers(target)
  if (!(numbers instanceof BigInt64Array)) return null
  const dims = Array.from(numbers, (dim, axis) => (shape[axis] === symbol && dim === BigInt(size) ? 0n : dim))
  return dims.some((dim, axis) => dim !== numbers[axis]) ? { node, dims } : null
}
