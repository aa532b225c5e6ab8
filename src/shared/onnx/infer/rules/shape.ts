/** Ops that only rearrange: what is read from a tensor's shape, and what gives it another. */
import { DATA_TYPES } from '../../data-type'
import type { Dim } from '../../records'
import { addDims, broadcastDim, dimsOfRank, divideDims, elementCountOf, multiplyDims, normalizeAxes, normalizeAxis, type Shape, unknownDims } from '../dims'
import { flatIndex, gridElements } from '../element-math'
import { type Fact, tensorFact } from '../fact'
import type { NodeContext, RuleTable } from '../node-context'

const INT64 = DATA_TYPES.int64.code

/** Axes from the input at `at` since `sinceOpset`, before that from attribute `axes`. Undefined: left out; null: unknown. */
export function axesOf(node: NodeContext, at: number, sinceOpset: number): number[] | null | undefined {
  if (node.opset < sinceOpset) return node.ints('axes') ?? undefined
  return node.has(at) ? node.numbers(at) : undefined
}

function shape(node: NodeContext): Fact[] {
  const dims = node.shape(0)
  if (!dims) return [tensorFact(INT64, [null])]
  const end = node.optionalInt('end')
  const part = dims.slice(node.int('start', 0), end ?? undefined)
  return [tensorFact(INT64, [part.length], part)]
}

function size(node: NodeContext): Fact[] {
  const dims = node.shape(0)
  return [tensorFact(INT64, [], [dims ? dims.reduce<Dim>(multiplyDims, 1) : null])]
}

function reshape(node: NodeContext): Fact[] {
  const target = node.opset < 5 ? node.ints('shape') : node.elements(1)
  const dataType = node.dataType(0)
  if (!target) {
    const rank = node.shape(1)?.[0]
    return [tensorFact(dataType, dimsOfRank(rank))]
  }
  const from = node.shape(0)
  const copied = target.map((dim, axis): Dim => (dim === 0 && node.int('allowzero', 0) === 0 ? (from?.[axis] ?? null) : dim))
  const result = resolveReshape(from, copied)
  const fixed = elementCountOf(result) !== null
  return [tensorFact(dataType, result, fixed ? node.elements(0) : null)]
}

/** Puts the one missing size in where the others give it: −1 in the file, or a single unknown. */
function resolveReshape(from: Shape | null, target: readonly Dim[]): Dim[] {
  const known = target.map((dim) => (dim === -1 ? null : dim))
  const missing = known.flatMap((dim, axis) => (dim === null ? [axis] : []))
  const [axis] = missing
  if (axis === undefined || missing.length > 1 || !from || from.includes(null)) return known
  const rest = known.filter((_, at) => at !== axis)
  return known.map((dim, at) => (at === axis ? quotientOfProducts(from, rest) : dim))
}

/** ∏ numerator / ∏ denominator, where equal symbols cancel. */
function quotientOfProducts(numerator: Shape, denominator: Shape): Dim {
  const above = numerator.filter((dim) => typeof dim === 'string')
  let below = 1
  for (const dim of denominator) {
    if (dim === null) return null
    if (typeof dim === 'number') below *= dim
    else if (above.includes(dim)) above.splice(above.indexOf(dim), 1)
    else return null
  }
  const numbers = numerator.reduce<number>((product, dim) => (typeof dim === 'number' ? product * dim : product), 1)
  const [symbol, ...others] = above
  const ratio = divideDims(numbers, below)
  if (symbol === undefined) return ratio
  return others.length === 0 && ratio === 1 ? symbol : null
}

function flatten(node: NodeContext): Fact[] {
  const from = node.shape(0)
  if (!from) return [tensorFact(node.dataType(0), [null, null])]
  const axis = node.int('axis', 1)
  const at = axis < 0 ? axis + from.length : axis
  const product = (dims: Shape) => dims.reduce<Dim>(multiplyDims, 1)
  return [tensorFact(node.dataType(0), [product(from.slice(0, at)), product(from.slice(at))])]
}

function squeeze(node: NodeContext): Fact[] {
  const from = node.shape(0)
  const dataType = node.dataType(0)
  const axes = axesOf(node, 1, 13)
  if (!from || axes === null) return [tensorFact(dataType, null)]
  const at = axes && normalizeAxes(axes, from.length)
  // Without axes every size-1 axis goes, which only fixed sizes can tell.
  if (at === null || (!at && elementCountOf(from) === null)) return [tensorFact(dataType, null)]
  return [tensorFact(dataType, from.filter((dim, axis) => (at ? !at.includes(axis) : dim !== 1)), node.elements(0))]
}

function unsqueeze(node: NodeContext): Fact[] {
  const from = node.shape(0)
  const dataType = node.dataType(0)
  const axes = axesOf(node, 1, 13)
  if (!from || !axes) {
    const added = node.opset < 13 ? null : node.shape(1)?.[0]
    return [tensorFact(dataType, from && typeof added === 'number' ? dimsOfRank(from.length + added) : null)]
  }
  const at = normalizeAxes(axes, from.length + axes.length)
  if (!at) return [tensorFact(dataType, null)]
  const dims = [...from]
  for (const axis of at.toSorted((a, b) => a - b)) dims.splice(axis, 0, 1)
  return [tensorFact(dataType, dims, node.elements(0))]
}

function transpose(node: NodeContext): Fact[] {
  const from = node.shape(0)
  if (!from) return [tensorFact(node.dataType(0), null)]
  const order = node.ints('perm') ?? from.map((_, axis) => from.length - 1 - axis)
  const to = order.map((axis) => from[axis] ?? null)
  const elements = node.elements(0)
  const moved =
    elements &&
    gridElements(to, (at) => {
      const source = from.map(() => 0)
      for (const [axis, origin] of order.entries()) source[origin] = at[axis] ?? 0
      return elements[flatIndex(from, source)] ?? null
    })
  return [tensorFact(node.dataType(0), to, moved)]
}

function concat(node: NodeContext): Fact[] {
  const shapes = node.inputs.map((_, at) => node.shape(at))
  const dataType = node.inputs.map((_, at) => node.dataType(at)).find((code) => code !== 0) ?? 0
  const known = shapes.find((shape) => shape !== null)
  const axis = known ? normalizeAxis(node.int('axis', 1), known.length) : null
  if (!known || axis === null) return [tensorFact(dataType, null)]
  const dims = known.map((_, at): Dim => {
    if (at === axis) return shapes.reduce<Dim>((sum, shape) => addDims(sum, shape ? (shape[at] ?? null) : null), 0)
    // Off the axis all sizes agree: any that is known is the answer, a number before a symbol.
    const sizes = shapes.map((shape) => shape?.[at] ?? null)
    return sizes.find((dim) => typeof dim === 'number') ?? sizes.find((dim) => dim !== null) ?? null
  })
  const parts = known.length === 1 ? node.inputs.map((_, at): readonly Dim[] | null => node.elements(at) ?? unknownElements(node.shape(at))) : []
  const elements = parts.length > 0 && parts.every((part) => part !== null) ? parts.flat() : null
  return [tensorFact(dataType, dims, typeof dims[0] === 'number' && elements?.length === dims[0] ? elements : null)]
}

/** Elements of a short vector nothing is known about: its neighbours in a Concat still are. */
function unknownElements(shape: Shape | null): null[] | null {
  const count = shape?.[0]
  return typeof count === 'number' && count <= 16 ? unknownDims(count) : null
}

function expand(node: NodeContext): Fact[] {
  const from = node.shape(0)
  const target = node.elements(1)
  const to = target ?? dimsOfRank(node.shape(1)?.[0])
  if (!from || !to) return [tensorFact(node.dataType(0), null)]
  const rank = Math.max(from.length, to.length)
  const dims = Array.from({ length: rank }, (_, axis): Dim => {
    const [a, b] = [axis - rank + from.length, axis - rank + to.length]
    return broadcastDim(a < 0 ? 1 : (from[a] ?? null), b < 0 ? 1 : (to[b] ?? null))
  })
  const elements = node.elements(0)
  return [tensorFact(node.dataType(0), dims, elements && gridElements(dims, (at) => elements[flatIndex(from, at)] ?? null))]
}

function tile(node: NodeContext): Fact[] {
  const from = node.shape(0)
  const repeats = node.opset < 6 ? null : node.elements(1)
  const dims = from?.map((dim, axis) => multiplyDims(dim, repeats?.[axis] ?? null)) ?? null
  const elements = node.elements(0)
  const repeated = from && elements && dims && gridElements(dims, (at) => elements[flatIndex(from, at.map((value, axis) => value % Number(from[axis])))] ?? null)
  return [tensorFact(node.dataType(0), dims, repeated)]
}

function spaceToDepth(node: NodeContext): Fact[] {
  const [batch = null, channels = null, height = null, width = null] = node.shape(0) ?? []
  const block = node.int('blocksize', 1)
  return [tensorFact(node.dataType(0), [batch, multiplyDims(channels, block * block), divideDims(height, block), divideDims(width, block)])]
}

function depthToSpace(node: NodeContext): Fact[] {
  const [batch = null, channels = null, height = null, width = null] = node.shape(0) ?? []
  const block = node.int('blocksize', 1)
  return [tensorFact(node.dataType(0), [batch, divideDims(channels, block * block), multiplyDims(height, block), multiplyDims(width, block)])]
}

function expandDims(node: NodeContext): Fact[] {
  const from = node.shape(0)
  const axis = node.numbers(1)?.[0]
  const at = from && axis !== undefined ? normalizeAxis(axis, from.length + 1) : null
  return [tensorFact(node.dataType(0), from && at !== null ? from.toSpliced(at, 0, 1) : null)]
}

export const shapeRules: RuleTable = {
  Shape: shape,
  Size: size,
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Expand: expand,
  Tile: tile,
  SpaceToDepth: spaceToDepth,
  DepthToSpace: depthToSpace,
  ReverseSequence: (node) => [tensorFact(node.dataType(0), node.shape(0))],
  'com.microsoft:ExpandDims': expandDims,
}
