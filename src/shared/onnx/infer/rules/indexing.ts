/** Ops that pick and place elements by index. */
import { DATA_TYPES } from '../../data-type'
import type { Dim } from '../../records'
import { normalizeAxis, unknownDims, withDim } from '../dims'
import { flatIndex, gridElements } from '../element-math'
import { type Fact, tensorFact } from '../fact'
import type { NodeContext, RuleTable } from '../node-context'
import { sameAsFirst } from './elementwise'

const INT64 = DATA_TYPES.int64.code

function gather(node: NodeContext): Fact[] {
  const [data, indices] = [node.shape(0), node.shape(1)]
  const dataType = node.dataType(0)
  const axis = data ? normalizeAxis(node.int('axis', 0), data.length) : null
  if (!data || !indices || axis === null) return [tensorFact(dataType, null)]
  const dims = [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)]
  const [elements, picks] = [node.elements(0), node.elements(1)]
  if (!elements || !picks) return [tensorFact(dataType, dims)]
  const gathered = gridElements(dims, (at) => {
    const pick = picks[flatIndex(indices, at.slice(axis, axis + indices.length))]
    if (typeof pick !== 'number') return null
    const position = pick < 0 ? pick + Number(data[axis]) : pick
    return elements[flatIndex(data, [...at.slice(0, axis), position, ...at.slice(axis + indices.length)])] ?? null
  })
  return [tensorFact(dataType, dims, gathered)]
}

function gatherNd(node: NodeContext): Fact[] {
  const [data, indices] = [node.shape(0), node.shape(1)]
  const width = indices?.at(-1)
  const batch = node.int('batch_dims', 0)
  if (!data || !indices || typeof width !== 'number') return [tensorFact(node.dataType(0), null)]
  return [tensorFact(node.dataType(0), [...indices.slice(0, -1), ...data.slice(batch + width)])]
}

function scatterNd(node: NodeContext): Fact[] {
  const [data, indices] = [node.shape(0), node.shape(1)]
  const [elements, positions, updates] = [node.elements(0), node.elements(1), node.elements(2)]
  if (!data || data.length !== 1 || !elements || !positions || !updates || indices?.at(-1) !== 1 || node.string('reduction') !== null) return [tensorFact(node.dataType(0), data)]
  const result = [...elements]
  for (const [at, position] of positions.entries()) {
    if (typeof position !== 'number') return [tensorFact(node.dataType(0), data)]
    result[position < 0 ? position + result.length : position] = updates[at] ?? null
  }
  return [tensorFact(node.dataType(0), data, result)]
}

function topK(node: NodeContext): Fact[] {
  const from = node.shape(0)
  const axis = from ? normalizeAxis(node.int('axis', -1), from.length) : null
  const k = node.opset < 10 ? node.optionalInt('k') : (node.elements(1)?.[0] ?? null)
  const dims = from && axis !== null ? withDim(from, axis, k) : null
  return [tensorFact(node.dataType(0), dims), tensorFact(INT64, dims)]
}

function oneHot(node: NodeContext): Fact[] {
  const indices = node.shape(0)
  const depth = node.elements(1)?.[0] ?? null
  const axis = indices ? normalizeAxis(node.int('axis', -1), indices.length + 1) : null
  return [tensorFact(node.dataType(2), indices && axis !== null ? indices.toSpliced(axis, 0, depth) : null)]
}

function nonZero(node: NodeContext): Fact[] {
  const rank = node.shape(0)?.length ?? null
  const elements = node.elements(0)
  const count = elements?.every((element) => typeof element === 'number') ? elements.filter((element) => element !== 0).length : null
  const positions = rank === 1 && elements && count !== null ? elements.flatMap((element, at) => (element === 0 ? [] : [at])) : null
  // A scalar counts as one dimension.
  return [tensorFact(INT64, [rank === 0 ? 1 : rank, count], positions)]
}

function compress(node: NodeContext): Fact[] {
  const from = node.shape(0)
  const axis = node.optionalInt('axis')
  const condition = node.numbers(1)
  const count = condition ? condition.filter((element) => element !== 0).length : null
  if (axis === null) return [tensorFact(node.dataType(0), [count])]
  const at = from ? normalizeAxis(axis, from.length) : null
  return [tensorFact(node.dataType(0), from && at !== null ? withDim(from, at, count) : null)]
}

function unique(node: NodeContext): Fact[] {
  const from = node.shape(0)
  const axis = node.optionalInt('axis')
  const at = from && axis !== null ? normalizeAxis(axis, from.length) : null
  const dims: readonly Dim[] | null = axis === null ? [null] : from && at !== null ? withDim(from, at, null) : null
  return [tensorFact(node.dataType(0), dims), tensorFact(INT64, [null]), tensorFact(INT64, [null]), tensorFact(INT64, [null])]
}

/** boxes [batches, boxes, 4], scores [batches, classes, boxes] → [selected, 3] */
function nonMaxSuppression(): Fact[] {
  return [tensorFact(INT64, [null, 3])]
}

export const indexingRules: RuleTable = {
  Gather: gather,
  GatherElements: (node) => [tensorFact(node.dataType(0), node.shape(1))],
  GatherND: gatherNd,
  'com.microsoft:GatherND': gatherNd,
  // Quantized table: data packed along the last axis by `bits`, scales give the type.
  'com.microsoft:GatherBlockQuantized': (node) => {
    const [data, indices] = [node.shape(0), node.shape(1)]
    const packed = node.dataType(0) === DATA_TYPES.uint8.code ? 8 / node.int('bits', 4) : 1
    const axis = data ? normalizeAxis(node.int('gather_axis', 0), data.length) : null
    if (!data || !indices || axis === null) return [tensorFact(node.dataType(2), null)]
    const unpacked = data.map((dim, at) => (at === data.length - 1 && typeof dim === 'number' ? dim * packed : dim))
    return [tensorFact(node.dataType(2), [...unpacked.slice(0, axis), ...indices, ...unpacked.slice(axis + 1)])]
  },
  Scatter: (node) => [tensorFact(node.dataType(0), node.shape(0))],
  ScatterElements: (node) => [tensorFact(node.dataType(0), node.shape(0))],
  ScatterND: scatterNd,
  TensorScatter: sameAsFirst,
  TopK: topK,
  OneHot: oneHot,
  NonZero: nonZero,
  Compress: compress,
  Unique: unique,
  'com.microsoft:Unique': (node) => {
    return [tensorFact(node.dataType(0), [null]), tensorFact(INT64, node.shape(0)), tensorFact(INT64, [null])]
  },
  NonMaxSuppression: nonMaxSuppression,
  'com.microsoft:NGramRepeatBlock': (node) => [tensorFact(node.dataType(1), node.shape(1) ?? unknownDims(2))],
}
