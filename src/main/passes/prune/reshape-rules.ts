/** How channels pass through Reshape and Flatten: axes merged keep one that can be cut, an axis divided gives one to be cut. */
import { intAttribute } from '#shared/onnx/attributes'
import type { Dim, Node } from '#shared/onnx/records'
import type { ChannelMap, Lock } from './channel-space'
import type { Rule } from './layer-rules'
import { axisAttribute, isOnnx, label, type Trace } from './trace'

/** Axes [from, to) before and after that hold the same elements. */
interface Segment {
  readonly before: readonly [number, number]
  readonly after: readonly [number, number]
}

export const flatten: Rule = (trace, node) => {
  const [x = ''] = node.inputs
  const before = trace.shape(x)
  const axis = before ? axisAttribute(node, 1, before.length) : null
  if (!before || axis === null || !trace.known(x)) return trace.refuse(node, { code: 'dynamic-shape', reason: `the shape at ${label(node)} is not known` })
  const after = [before.slice(0, axis), before.slice(axis)].map((dims) => (dims.every((dim) => typeof dim === 'number') ? (dims).reduce((a, b) => a * b, 1) : null))
  const segments: Segment[] = [{ before: [0, axis], after: [0, 1] }, { before: [axis, before.length], after: [1, 2] }]
  trace.set(node.outputs[0] ?? '', passSegments(trace, node, { before, after, segments }))
}

export const reshape: Rule = (trace, node) => {
  const [x = '', shapeInput = ''] = node.inputs
  const [output = ''] = node.outputs
  const before = trace.shape(x)
  const after = trace.shape(output)
  const lock: Omit<Lock, 'nodeId'> = { code: 'dynamic-shape', reason: `the shape that ${label(node)} makes is computed at run time` }
  if (!before || !after || trace.isConstant(x) || !trace.known(x)) return trace.refuse(node, lock)
  const segments = matchSegments(before, after)
  const axes = passSegments(trace, node, { before, after, segments })
  trace.set(output, axes)
  const maps = [...(trace.known(x) ?? []), ...axes].filter((map) => map !== null)
  if (maps.length === 0) return
  const target = targetShape(trace, node, { shapeInput, before, after, axes, segments })
  if (!target) return trace.refuse(node, lock)
  trace.fix({
    nodeId: node.id,
    maps,
    apply: (fix, current, kept) => {
      const sizes = target.map((size, at) => {
        const map = axes[at]
        return map && size !== -1 && size !== 0 ? kept(map).length : size
      })
      if (shapeInput !== '') fix.setInts(current, 1, sizes)
    },
  })
}

interface Reshaping {
  readonly before: readonly Dim[]
  readonly after: readonly Dim[]
  readonly segments: readonly Segment[]
}

/** The shape to be written: as it is where constant; else 0 copies what stands at the same place, and one entry at most is left open. */
function targetShape(trace: Trace, node: Node, { shapeInput, before, after, axes, segments }: Reshaping & { shapeInput: string; axes: readonly (ChannelMap | null)[] }): number[] | null {
  if (intAttribute(node, 'allowzero', 0) !== 0) return null
  const known = trace.ints(shapeInput)
  if (known) return known
  if (shapeInput === '') return null
  const isCopied = (at: number) => segments.some((segment) => segment.before[0] === at && segment.after[0] === at && segment.before[1] === at + 1 && segment.after[1] === at + 1)
  const sizes = after.map((size, at) => (typeof size === 'number' ? size : isCopied(at) && before[at] === size ? 0 : -1))
  return sizes.filter((size) => size === -1).length <= 1 && after.every((size, at) => axes[at] === null || typeof size === 'number') ? sizes : null
}

/** The finest division into runs of axes with the same elements, from both ends; what lies between is one run. */
function matchSegments(before: readonly Dim[], after: readonly Dim[]): Segment[] {
  const head: Segment[] = []
  const tail: Segment[] = []
  let [i, j] = [0, 0]
  let [m, n] = [before.length, after.length]
  for (let run = runFrom(before, after, { i, j, step: 1, m, n }); run; run = runFrom(before, after, { i, j, step: 1, m, n })) {
    head.push({ before: [i, i + run[0]], after: [j, j + run[1]] })
    ;[i, j] = [i + run[0], j + run[1]]
  }
  for (let run = runFrom(before, after, { i, j, step: -1, m, n }); run; run = runFrom(before, after, { i, j, step: -1, m, n })) {
    tail.push({ before: [m - run[0], m], after: [n - run[1], n] })
    ;[m, n] = [m - run[0], n - run[1]]
  }
  const middle: Segment[] = i < m || j < n ? [{ before: [i, m], after: [j, n] }] : []
  return [...head, ...middle, ...tail.toReversed()]
}

/** The shortest run of axes from one end with equal products; null at the end, or where a size in it is not known. */
function runFrom(before: readonly Dim[], after: readonly Dim[], { i, j, step, m, n }: { i: number; j: number; step: 1 | -1; m: number; n: number }): [number, number] | null {
  if (i >= m || j >= n) return null
  const at = (dims: readonly Dim[], from: number, to: number, offset: number) => dims[step === 1 ? from + offset : to - 1 - offset]
  const [first, second] = [at(before, i, m, 0), at(after, j, n, 0)]
  if (first === second && first !== null && first !== undefined) return [1, 1]
  if (typeof first !== 'number' || typeof second !== 'number') return null
  let [left, right, a, b] = [first, second, 1, 1]
  while (left !== right) {
    const next = left < right ? at(before, i, m, a) : at(after, j, n, b)
    if (typeof next !== 'number' || (left < right ? i + a >= m : j + b >= n)) return null
    if (left < right) [left, a] = [left * next, a + 1]
    else [right, b] = [right * next, b + 1]
  }
  return [a, b]
}

function passSegments(trace: Trace, node: Node, { before, after, segments }: Reshaping): (ChannelMap | null)[] {
  const [x = ''] = node.inputs
  const axes = trace.known(x) ?? []
  const result: (ChannelMap | null)[] = after.map(() => null)
  for (const segment of segments) {
    const from = wideAxes(before, segment.before)
    const to = wideAxes(after, segment.after)
    const carrying = from.filter((axis) => axes[axis])
    const [only] = carrying
    if (only === undefined) continue
    const lock: Lock = { code: 'mixes-channels', reason: `${label(node)} mixes it with other axes`, nodeId: node.id }
    const isNumeric = [...from.map((axis) => before[axis]), ...to.map((axis) => after[axis])].every((size) => typeof size === 'number')
    const [target] = to
    if (from.length === 1 && to.length === 1 && target !== undefined && before[only] === after[target]) result[target] = axes[only] ?? null
    else if (isNumeric && to.length === 1 && carrying.length === 1 && target !== undefined) result[target] = merge(before as readonly number[], from, { axis: only, map: axes[only] as ChannelMap })
    else if (isNumeric && from.length === 1) divide(trace, node, { after: after as readonly number[], to, map: axes[only] as ChannelMap, result })
    else for (const axis of carrying) trace.space.lock(axes[axis] ?? null, lock)
  }
  return result
}

/** Axes of a run that are not of size 1. */
function wideAxes(dims: readonly Dim[], [from, to]: readonly [number, number]): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at).filter((axis) => dims[axis] !== 1)
}

/** Index `i` of the merged axis belongs to the channel at the digit of `i` that `axis` has. */
function merge(before: readonly number[], from: readonly number[], { axis, map }: { axis: number; map: ChannelMap }): ChannelMap {
  const inner = from.filter((other) => other > axis).reduce((total, other) => total * (before[other] as number), 1)
  const total = from.reduce((product, other) => product * (before[other] as number), 1)
  return Int32Array.from({ length: total }, (_, at) => map[Math.floor(at / inner) % map.length] as number)
}

/** One of the new axes can be cut from then on: all that stand at the same place along it are one. */
function divide(trace: Trace, node: Node, { after, to, map, result }: { after: readonly number[]; to: readonly number[]; map: ChannelMap; result: (ChannelMap | null)[] }): void {
  const axis = chooseAxis(trace, node.outputs[0] ?? '', to, after)
  if (axis === null) return trace.space.lock(map, { code: 'mixes-channels', reason: `${label(node)} divides it among axes that are picked from`, nodeId: node.id })
  const inner = to.filter((other) => other > axis).reduce((total, other) => total * (after[other] as number), 1)
  const size = after[axis] as number
  const made = new Int32Array(size).fill(-1)
  for (const [at, channel] of map.entries()) {
    const digit = Math.floor(at / inner) % size
    if (made[digit] === -1) made[digit] = channel
    else trace.space.union(made[digit] as number, channel)
  }
  result[axis] = made
}

/** How far the use of a divided axis is looked for. */
const MOST_STEPS = 16
const PASSING = new Set(['Mul', 'Div', 'Add', 'Sub', 'Cast', 'Identity', 'Softmax', 'Neg', 'Sqrt', 'Relu', 'Clip', 'Where', 'Pad'])

/**
 * Which of the axes that one was divided into is cut: in attention the heads, which are what products of two computed matrices run side by
 * side; never one that is picked from; else the longest.
 */
function chooseAxis(trace: Trace, name: string, candidates: readonly number[], dims: readonly number[]): number | null {
  const usage = { picked: new Set<number>(), batched: new Set<number>(), contracted: new Set<number>() }
  follow(trace, name, candidates.map((axis): [number, number] => [axis, axis]), { usage, left: MOST_STEPS })
  const free = candidates.filter((axis) => !usage.picked.has(axis))
  const heads = free.filter((axis) => usage.batched.has(axis) && !usage.contracted.has(axis))
  const pool = heads.length > 0 ? heads : free
  return pool.reduce<number | null>((best, axis) => (best === null || (dims[axis] as number) > (dims[best] as number) ? axis : best), null)
}

interface Usage {
  /** By position along them. */
  readonly picked: Set<number>
  /** Side by side in a product. */
  readonly batched: Set<number>
  readonly contracted: Set<number>
}

/** `pairs` say where each candidate is now. */
function follow(trace: Trace, name: string, pairs: readonly [candidate: number, at: number][], { usage, left }: { usage: Usage; left: number }): void {
  if (left === 0 || pairs.length === 0) return
  const rank = trace.shape(name)?.length ?? 0
  for (const node of trace.document.index(trace.graph).consumers(name)) {
    if (!isOnnx(node)) continue
    const go = (output: string, moved: readonly [number, number][]) => follow(trace, output, moved, { usage, left: left - 1 })
    const [output = ''] = node.outputs
    if (node.opType === 'Transpose') {
      const order = trace.list(node, { attribute: 'perm', input: Infinity }) ?? Array.from({ length: rank }, (_, at) => rank - 1 - at)
      go(output, pairs.map(([axis, at]) => [axis, order.indexOf(at)]))
    } else if (node.opType === 'Gather' || node.opType === 'Split' || node.opType === 'Squeeze' || node.opType === 'Slice') {
      const touched = touchedAxes(trace, node, rank)
      for (const [axis, at] of pairs) if (touched.includes(at)) usage.picked.add(axis)
      const scalar = node.opType === 'Gather' && trace.shape(node.inputs[1] ?? '')?.length === 0
      const shift = (at: number) => (scalar || node.opType === 'Squeeze' ? at - touched.filter((gone) => gone < at).length : at)
      for (const each of node.outputs) go(each, pairs.filter(([, at]) => !touched.includes(at)).map(([axis, at]) => [axis, shift(at)]))
    } else if (node.opType === 'MatMul' && node.inputs.every((input) => !trace.isConstant(input))) {
      for (const [axis, at] of pairs) (at < rank - 2 ? usage.batched : usage.contracted).add(axis)
    } else if (PASSING.has(node.opType)) go(output, pairs)
  }
}

function touchedAxes(trace: Trace, node: Node, rank: number): number[] {
  const listed = node.opType === 'Slice' ? trace.list(node, { attribute: 'axes', input: 3 }) : node.opType === 'Squeeze' ? trace.list(node, { attribute: 'axes', input: 1 }) : [intAttribute(node, 'axis', 0)]
  return (listed ?? []).map((axis) => (axis < 0 ? axis + rank : axis))
}
