import { DATA_TYPES } from '../../data-type'
import type { Dim, ValueType } from '../../records'
import { normalizeAxis, type Shape, withDim } from '../dims'
import { dataTypeOf, type Fact, joinTypes, sequenceFact, shapeOf, tensorFact } from '../fact'
import type { NodeContext, RuleTable } from '../node-context'

const { int64, bool, float32 } = DATA_TYPES

function elementOf(type: ValueType | null): ValueType | null {
  return type?.kind === 'sequence' || type?.kind === 'optional' ? type.element : null
}

function construct(node: NodeContext): Fact[] {
  return [sequenceFact(node.inputs.map((_, at) => node.type(at)).reduce<ValueType | null>((a, b, at) => (at === 0 ? b : joinTypes(a, b)), null))]
}

function insert(node: NodeContext): Fact[] {
  const inserted = node.type(1)
  return [sequenceFact(node.inputs[0]?.empty ? inserted : joinTypes(elementOf(node.type(0)), inserted))]
}

function splitToSequence(node: NodeContext): Fact[] {
  const from = node.shape(0)
  const axis = from ? normalizeAxis(node.int('axis', 0), from.length) : null
  if (!from || axis === null) return [sequenceFact({ kind: 'tensor', dataType: node.dataType(0) })]
  const splits = node.elements(1)
  // Parts are alike only where every size is; one size for all may leave a smaller rest.
  const [first = null] = splits ?? []
  const dim = from[axis] ?? null
  const alike: Dim = splits?.every((size) => size === first) && (node.shape(1)?.length === 1 || (typeof dim === 'number' && dim % Number(first) === 0)) ? first : null
  if (!node.has(1) && node.int('keepdims', 1) === 0) return [sequenceFact({ kind: 'tensor', dataType: node.dataType(0), shape: from.toSpliced(axis, 1) })]
  return [sequenceFact({ kind: 'tensor', dataType: node.dataType(0), shape: withDim(from, axis, node.has(1) ? alike : 1) })]
}

function concatFromSequence(node: NodeContext): Fact[] {
  const element = elementOf(node.type(0))
  const from = shapeOf(element)
  const stacked = node.int('new_axis', 0) !== 0
  const axis = from ? normalizeAxis(node.int('axis', 0), from.length + (stacked ? 1 : 0)) : null
  let dims: Shape | null = null
  if (from && axis !== null) dims = stacked ? from.toSpliced(axis, 0, null) : withDim(from, axis, null)
  return [tensorFact(dataTypeOf(element), dims)]
}

function map(node: NodeContext): (Fact | null)[] {
  const body = node.graph('body')
  if (!body) return []
  const given = node.inputs.map((fact): Fact | null => (fact?.type?.kind === 'sequence' ? { type: fact.type.element } : fact))
  return node.inferSubgraph(body, given).map((fact) => sequenceFact(fact?.type ?? null))
}

function makeOptional(node: NodeContext): Fact[] {
  const stated = node.attribute('type')
  return [{ type: { kind: 'optional', element: node.type(0) ?? (stated?.type === 'type' ? stated.value : null) } }]
}

function optionalElement(node: NodeContext): Fact[] {
  const type = node.type(0)
  return type ? [{ type: type.kind === 'optional' ? type.element : type }] : []
}

export const sequenceRules: RuleTable = {
  SequenceConstruct: construct,
  SequenceEmpty: (node) => [{ ...sequenceFact({ kind: 'tensor', dataType: node.int('dtype', float32.code) }), empty: true }],
  SequenceInsert: insert,
  SequenceErase: (node) => [node.inputs[0] ?? null],
  SequenceAt: (node) => [{ type: elementOf(node.type(0)) }],
  SequenceLength: () => [tensorFact(int64.code, [])],
  SequenceMap: map,
  SplitToSequence: splitToSequence,
  ConcatFromSequence: concatFromSequence,
  Optional: makeOptional,
  OptionalGetElement: optionalElement,
  OptionalHasElement: () => [tensorFact(bool.code, [])],
}
