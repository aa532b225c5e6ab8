/** Ops that cut parts out of a tensor or add to its borders. */
import type { Dim } from '../../records'
import { addDims, normalizeAxis, type Shape, unknownDims, withDim } from '../dims'
import { flatIndex, gridElements } from '../element-math'
import { type Fact, tensorFact } from '../fact'
import type { NodeContext, RuleTable } from '../node-context'

interface Cut {
  readonly start: Dim
  readonly step: number
  readonly size: Dim
}

/** Bounds at or past this mean "to the end", whatever the size of the axis. */
const FAR = 2 ** 31 - 1

/** One axis of Slice, as ONNX clamps it. */
function cutAxis(dim: Dim, start: Dim, end: Dim, step: Dim): Cut | null {
  if (typeof step !== 'number' || step === 0) return null
  if (typeof dim !== 'number') {
    const whole = step === 1 && start === 0 && ((typeof end === 'number' && end >= FAR) || (end !== null && end === dim))
    const reversed = step === -1 && typeof start === 'number' && (start === -1 || start >= FAR) && typeof end === 'number' && end <= -FAR
    return whole || reversed ? { start, step, size: dim } : { start, step, size: null }
  }
  if (typeof start !== 'number' || typeof end !== 'number') return { start: null, step, size: null }
  const forward = step > 0
  const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value < 0 ? value + dim : value, low), high)
  const from = forward ? clamp(start, 0, dim) : clamp(start, 0, dim - 1)
  const to = forward ? clamp(end, 0, dim) : clamp(end, -1, dim - 1)
  return { start: from, step, size: Math.max(0, Math.ceil((to - from) / step)) }
}

function slice(node: NodeContext): Fact[] {
  const from = node.shape(0)
  const dataType = node.dataType(0)
  if (!from) return [tensorFact(dataType, null)]
  const old = node.opset < 10
  const starts = old ? node.ints('starts') : node.elements(1)
  const ends = old ? node.ints('ends') : node.elements(2)
  const count = starts?.length ?? node.shape(1)?.[0] ?? null
  const given = old ? node.ints('axes') : node.has(3) ? node.numbers(3) : undefined
  const axes = given ?? (given === null && !old ? null : typeof count === 'number' ? from.slice(0, count).map((_, at) => at) : null)
  if (!axes) return [tensorFact(dataType, unknownDims(from.length))]
  const steps = old || !node.has(4) ? axes.map(() => 1) : node.elements(4)
  const cuts = new Map<number, Cut | null>()
  for (const [at, axis] of axes.entries()) {
    const which = normalizeAxis(axis, from.length)
    if (which === null) return [tensorFact(dataType, unknownDims(from.length))]
    cuts.set(which, cutAxis(from[which] ?? null, starts?.[at] ?? null, ends?.[at] ?? null, steps?.[at] ?? null))
  }
  const dims = from.map((dim, axis) => (cuts.has(axis) ? (cuts.get(axis)?.size ?? null) : dim))
  return [tensorFact(dataType, dims, slicedElements(node.elements(0), from, dims, cuts))]
}

function slicedElements(elements: readonly Dim[] | null, from: Shape, dims: Shape, cuts: ReadonlyMap<number, Cut | null>): Dim[] | null {
  if (!elements) return null
  return gridElements(dims, (at) => {
    const source = at.map((position, axis) => {
      const cut = cuts.get(axis)
      return cut ? Number(cut.start) + position * cut.step : position
    })
    return elements[flatIndex(from, source)] ?? null
  })
}

function split(node: NodeContext): Fact[] {
  const from = node.shape(0)
  const dataType = node.dataType(0)
  const parts = node.outputCount
  const axis = from ? normalizeAxis(node.int('axis', 0), from.length) : null
  if (!from || axis === null) return Array.from({ length: parts }, () => tensorFact(dataType, null))
  const stated = node.opset < 13 ? node.ints('split') : node.has(1) ? node.elements(1) : undefined
  const sizes = stated ?? (stated === null && node.opset >= 13 ? unknownDims(parts) : equalParts(from[axis] ?? null, parts))
  let start = 0
  return Array.from({ length: parts }, (_, at) => {
    const size = sizes[at] ?? null
    const elements = from.length === 1 && typeof size === 'number' ? node.elements(0)?.slice(start, start + size) : null
    start += Number(size)
    return tensorFact(dataType, withDim(from, axis, size), elements)
  })
}

/** Equal parts, the last one smaller where they do not come out even (opset 18). */
function equalParts(dim: Dim, parts: number): Dim[] {
  if (typeof dim !== 'number') return parts === 1 ? [dim] : unknownDims(parts)
  const size = Math.ceil(dim / parts)
  return Array.from({ length: parts }, (_, at) => Math.max(0, Math.min(size, dim - at * size)))
}

function pad(node: NodeContext): Fact[] {
  const from = node.shape(0)
  const dataType = node.dataType(0)
  if (!from) return [tensorFact(dataType, null)]
  const inInputs = node.node.domain !== '' || node.opset >= 11
  const pads = inInputs ? node.elements(1) : (node.ints('pads') ?? node.ints('paddings'))
  const axes = inInputs && node.has(3) ? node.numbers(3) : from.map((_, axis) => axis)
  if (!pads || !axes) return [tensorFact(dataType, unknownDims(from.length))]
  const dims = [...from]
  for (const [at, axis] of axes.entries()) {
    const which = normalizeAxis(axis, from.length)
    if (which === null) return [tensorFact(dataType, unknownDims(from.length))]
    const [before = null, after = null] = [pads[at], pads[at + axes.length]]
    dims[which] = addDims(addDims(from[which] ?? null, before), after)
  }
  return [tensorFact(dataType, dims)]
}

function centerCropPad(node: NodeContext): Fact[] {
  const from = node.shape(0)
  if (!from) return [tensorFact(node.dataType(0), null)]
  const axes = node.ints('axes') ?? from.map((_, axis) => axis)
  const dims: Dim[] = [...from]
  for (const [at, axis] of axes.entries()) {
    const which = normalizeAxis(axis, from.length)
    if (which !== null) dims[which] = node.elements(1)?.[at] ?? null
  }
  return [tensorFact(node.dataType(0), dims)]
}

/** The experimental Crop of opset 1: `border` is left, top, right, bottom; `scale` the size kept. */
function crop(node: NodeContext): Fact[] {
  const [batch = null, channels = null, height = null, width = null] = node.shape(0) ?? []
  const [left = 0, top = 0, right = 0, bottom = 0] = node.ints('border') ?? []
  const [keptHeight, keptWidth] = node.ints('scale') ?? []
  return [tensorFact(node.dataType(0), [batch, channels, keptHeight ?? addDims(height, -top - bottom), keptWidth ?? addDims(width, -left - right)])]
}

export const sliceRules: RuleTable = {
  Slice: slice,
  Split: split,
  Pad: pad,
  'com.microsoft:Pad': pad,
  CenterCropPad: centerCropPad,
  Crop: crop,
}
