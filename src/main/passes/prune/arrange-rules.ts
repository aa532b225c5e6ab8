/** How channels pass through operators that join, divide and pick along an axis. */
import type { Node } from '#shared/onnx/records'
import type { ChannelMap, Lock } from './channel-space'
import { broadcastAxis, type Rule } from './layer-rules'
import { setIntsAttribute } from './surgery'
import { axisAttribute, label, type Trace } from './trace'

export const transpose: Rule = (trace, node) => {
  const axes = trace.known(node.inputs[0] ?? '')
  if (!axes) return trace.refuse(node, { code: 'dynamic-shape', reason: `the shape at ${label(node)} is not known` })
  const order = trace.list(node, { attribute: 'perm', input: Infinity }) ?? axes.map((_, at) => axes.length - 1 - at)
  trace.set(node.outputs[0] ?? '', order.map((axis) => axes[axis] ?? null))
}

export const concat: Rule = (trace, node) => {
  const shapes = node.inputs.map((name) => trace.shape(name))
  const rank = shapes.find((shape) => shape !== null)?.length
  const axis = rank === undefined ? null : axisAttribute(node, 1, rank)
  if (rank === undefined || axis === null || shapes.some((shape) => shape?.length !== rank)) return trace.refuse(node, { code: 'dynamic-shape', reason: `the shapes at ${label(node)} are not known` })
  const axes = Array.from({ length: rank }, (_, at) => (at === axis ? null : joinedAxis(trace, node, shapes.map((shape) => shape?.[at]), at)))
  axes[axis] = laidSideBySide(trace, node, shapes.map((shape) => shape?.[axis] ?? null), axis)
  trace.set(node.outputs[0] ?? '', axes)
}

function joinedAxis(trace: Trace, node: Node, sizes: readonly (number | string | null | undefined)[], axis: number): ChannelMap | null {
  const meets = node.inputs.some((name) => trace.known(name)?.[axis])
  if (!meets) return null
  return broadcastAxis(trace, node, node.inputs.map((name, at) => ({ name, size: sizes[at] === 1 ? 'one' : sizes[at], map: trace.axis(name, axis) })))
}

function laidSideBySide(trace: Trace, node: Node, sizes: readonly (number | string | null)[], axis: number): ChannelMap | null {
  const maps = node.inputs.map((name) => trace.known(name)?.[axis] ?? null)
  if (maps.every((map) => map === null)) return null
  const parts: number[] = []
  for (const [at, map] of maps.entries()) {
    const size = sizes[at]
    const reason = trace.reasonOf(node.inputs[at] ?? '', node)
    if (map) parts.push(...map)
    else if (typeof size === 'number') {
      const fixed = trace.space.fresh(size)
      trace.space.lock(fixed, reason)
      parts.push(...fixed)
    } else {
      for (const other of maps) trace.space.lock(other, reason)
      return null
    }
  }
  return Int32Array.from(parts)
}

export const split: Rule = (trace, node) => {
  const [x = ''] = node.inputs
  const axes = trace.known(x)
  if (!axes) return trace.refuse(node, { code: 'dynamic-shape', reason: `the shape at ${label(node)} is not known` })
  const axis = axisAttribute(node, 0, axes.length)
  const map = axis === null ? null : (axes[axis] ?? null)
  if (axis === null || !map) {
    for (const name of node.outputs) trace.set(name, axes)
    return
  }
  const listed = trace.list(node, { attribute: 'split', input: 1 })
  const even = Math.ceil(map.length / node.outputs.length)
  const sizes = listed === undefined ? node.outputs.map((_, at) => Math.min(even, map.length - even * at)) : listed
  if (sizes?.reduce((sum, size) => sum + size, 0) !== map.length) return trace.refuse(node, { code: 'dynamic-shape', reason: `the sizes of ${label(node)} are computed at run time` })
  let from = 0
  const parts = sizes.map((size) => map.subarray(from, (from += size)))
  for (const [at, name] of node.outputs.entries()) trace.set(name, axes.with(axis, parts[at] ?? null))
  trace.fix({
    nodeId: node.id,
    maps: [map],
    apply: (fix, current, kept) => {
      const left = parts.map((part) => kept(part).length)
      if (trace.opset() < 13) return setIntsAttribute(fix, current, 'split', left)
      if (trace.opset() >= 18) fix.edit.setAttribute(fix.graph, current, 'num_outputs', null)
      fix.setInts(current, 1, left)
    },
  })
}

export const slice: Rule = (trace, node) => {
  const [x = ''] = node.inputs
  const axes = trace.known(x)
  if (!axes) return trace.refuse(node, { code: 'dynamic-shape', reason: `the shape at ${label(node)} is not known` })
  const part = (attribute: string, input: number) => trace.list(node, { attribute, input })
  const [starts, ends, listed, steps] = [part('starts', 1), part('ends', 2), part('axes', 3), part('steps', 4)]
  if (listed === null || steps === null) return trace.refuse(node, { code: 'dynamic-shape', reason: `the axes of ${label(node)} are computed at run time` })
  const count = listed?.length ?? starts?.length ?? ends?.length
  // Which axes it cuts is known even where the bounds are not: those without channels may be cut as they like.
  const touched = (listed ?? (count === undefined ? axes.map((_, at) => at) : Array.from({ length: count }, (_, at) => at))).map((axis) => (axis < 0 ? axis + axes.length : axis))
  const lock: Lock = { code: 'operator', reason: `${label(node)} cuts it in a way that is not followed`, nodeId: node.id }
  const result = [...axes]
  const windows = new Map<number, { start: number; end: number; map: ChannelMap }>()
  for (const [at, axis] of touched.entries()) {
    const map = axes[axis]
    if (!map) continue
    const [start, end] = [starts?.[at], ends?.[at]]
    if (start === undefined || end === undefined || (steps?.[at] ?? 1) !== 1) {
      trace.space.lock(map, lock)
      result[axis] = null
      continue
    }
    const window = { start: clampIndex(start, map.length), end: clampIndex(end, map.length), map }
    windows.set(at, window)
    result[axis] = map.subarray(window.start, Math.max(window.start, window.end))
  }
  trace.set(node.outputs[0] ?? '', result)
  if (windows.size === 0 || !starts || !ends) {
    for (const { map } of windows.values()) trace.space.lock(map, lock)
    return
  }
  trace.fix({
    nodeId: node.id,
    maps: [...windows.values()].map(({ map }) => map),
    apply: (fix, current, kept) => {
      const moved = (values: readonly number[], edge: 'start' | 'end') =>
        values.map((value, at) => {
          const window = windows.get(at)
          return window ? kept(window.map).filter((index) => index < window[edge]).length : value
        })
      if (trace.opset() < 10) {
        setIntsAttribute(fix, current, 'starts', moved(starts, 'start'))
        return setIntsAttribute(fix, fix.edit.document.index(fix.graph).nodes.get(current.id) ?? current, 'ends', moved(ends, 'end'))
      }
      fix.setInts(current, 1, moved(starts, 'start'))
      fix.setInts(current, 2, moved(ends, 'end'))
      keepIndexType(trace, fix, current)
    },
  })
}

/** Slice wants all its integers of one type: the others become int64 too. */
function keepIndexType(trace: Trace, fix: Parameters<Parameters<Trace['fix']>[0]['apply']>[0], node: Node): void {
  for (const input of [3, 4]) {
    const values = trace.ints(node.inputs[input] ?? '')
    if (values) fix.setInts(node, input, values)
  }
}

function clampIndex(value: number, size: number): number {
  return Math.max(0, Math.min(size, value < 0 ? value + size : value))
}

export const gather: Rule = (trace, node) => {
  const [data = '', indices = ''] = node.inputs
  const dims = trace.shape(data)
  const indexShape = trace.shape(indices)
  const axis = dims ? axisAttribute(node, 0, dims.length) : null
  if (!dims || !indexShape || axis === null) return trace.refuse(node, { code: 'dynamic-shape', reason: `the shapes at ${label(node)} are not known` })
  const isTable = trace.isConstant(data)
  const picked = isTable ? trace.axis(data, axis) : (trace.known(data)?.[axis] ?? null)
  const values = picked && !isTable ? trace.ints(indices) : null
  let fromIndices: (ChannelMap | null)[] = indexShape.map(() => null)
  if (picked && values && indexShape.length === 1) {
    const map = picked
    const positions = values.map((value) => (value < 0 ? value + map.length : value))
    const chosen = Int32Array.from(positions, (at) => map[at] as number)
    fromIndices = [chosen]
    trace.fix({
      nodeId: node.id,
      maps: [map],
      apply: (fix, current, kept) => {
        const places = new Map(kept(map).map((old, now) => [old, now]))
        fix.setInts(current, 1, positions.flatMap((at) => places.get(at) ?? []))
      },
    })
  } else trace.space.lock(picked, { code: 'mixes-channels', reason: `${label(node)} picks from it by position`, nodeId: node.id })
  const axisOf = (at: number) => trace.axis(data, at)
  trace.set(node.outputs[0] ?? '', [...dims.slice(0, axis).map((_, at) => axisOf(at)), ...fromIndices, ...dims.slice(axis + 1).map((_, at) => axisOf(axis + 1 + at))])
}

/** Padding must not add channels. */
export const pad: Rule = (trace, node) => {
  const axes = trace.known(node.inputs[0] ?? '')
  const pads = trace.list(node, { attribute: 'pads', input: 1 }) ?? trace.list(node, { attribute: 'paddings', input: Infinity })
  if (!axes) return trace.refuse(node, { code: 'dynamic-shape', reason: `the shape at ${label(node)} is not known` })
  const listed = trace.list(node, { attribute: 'axes', input: 3 })
  const lock: Lock = { code: 'operator', reason: `${label(node)} pads it`, nodeId: node.id }
  const half = (pads?.length ?? 0) / 2
  const isPadded = (axis: number) => {
    if (!pads || listed === null) return true
    const at = listed ? listed.map((value) => (value < 0 ? value + axes.length : value)).indexOf(axis) : axis
    return at >= 0 && (pads[at] !== 0 || pads[at + half] !== 0)
  }
  trace.set(
    node.outputs[0] ?? '',
    axes.map((map, axis) => {
      if (!isPadded(axis)) return map
      trace.space.lock(map, lock)
      return null
    }),
  )
}

/** Resize and Upsample: channels pass where their axis keeps its size. */
export const resize: Rule = (trace, node) => {
  const [x = ''] = node.inputs
  const axes = trace.known(x)
  const sizesInput = node.opType === 'Upsample' || trace.opset() < 11 ? '' : (node.inputs[3] ?? '')
  const before = trace.shape(x)
  const after = trace.shape(node.outputs[0] ?? '')
  if (!axes || !before || !after) return trace.refuse(node, { code: 'dynamic-shape', reason: `the shape at ${label(node)} is not known` })
  const lock: Lock = { code: 'operator', reason: `${label(node)} changes its size`, nodeId: node.id }
  const sizes = sizesInput === '' ? null : trace.ints(sizesInput)
  const passes = (axis: number) => before[axis] === after[axis] && (sizesInput === '' || sizes !== null)
  const result = axes.map((map, axis) => {
    if (!map || passes(axis)) return map
    trace.space.lock(map, lock)
    return null
  })
  trace.set(node.outputs[0] ?? '', result)
  const maps = result.filter((map) => map !== null)
  if (sizes && maps.length > 0) {
    trace.fix({
      nodeId: node.id,
      maps,
      apply: (fix, current, kept) =>
        fix.setInts(
          current,
          3,
          sizes.map((size, axis) => {
            const map = result[axis]
            return map ? kept(map).length : size
          }),
        ),
    })
  }
}

/** A constant shape's entries follow the channels. */
export const expand: Rule = (trace, node) => {
  const [x = '', shape = ''] = node.inputs
  const axes = trace.known(x)
  const target = trace.ints(shape)
  if (!axes || !target) return trace.refuse(node, { code: 'dynamic-shape', reason: `the shape at ${label(node)} is computed at run time` })
  const rank = Math.max(axes.length, target.length)
  const result = Array.from({ length: rank }, (_, axis) => axes[axis - (rank - axes.length)] ?? null)
  trace.set(node.outputs[0] ?? '', result)
  const maps = result.filter((map) => map !== null)
  if (maps.length === 0) return
  // 1 stands for whatever the input has.
  trace.fix({ nodeId: node.id, maps, apply: (fix, current) => fix.setInts(current, 1, target.map((size, at) => (result[at + rank - target.length] ? 1 : size))) })
}

export const squeeze: Rule = (trace, node) => {
  const [x = ''] = node.inputs
  const axes = trace.known(x)
  const dims = trace.shape(x)
  const listed = trace.list(node, { attribute: 'axes', input: 1 })
  if (!axes || !dims || listed === null) return trace.refuse(node, { code: 'dynamic-shape', reason: `the axes of ${label(node)} are computed at run time` })
  const gone = new Set(listed?.map((axis) => (axis < 0 ? axis + axes.length : axis)) ?? [...dims.keys()].filter((axis) => dims[axis] === 1))
  trace.set(node.outputs[0] ?? '', axes.filter((_, axis) => !gone.has(axis)))
}

export const unsqueeze: Rule = (trace, node) => {
  const [x = ''] = node.inputs
  const axes = trace.isConstant(x) ? null : trace.known(x)
  const listed = trace.list(node, { attribute: 'axes', input: 1 })
  if (!axes || !listed) return trace.refuse(node, { code: 'dynamic-shape', reason: `${label(node)} is not followed` })
  const rank = axes.length + listed.length
  const added = new Set(listed.map((axis) => (axis < 0 ? axis + rank : axis)))
  let from = 0
  trace.set(node.outputs[0] ?? '', Array.from({ length: rank }, (_, axis) => (added.has(axis) ? null : (axes[from++] ?? null))))
}

export const tile: Rule = (trace, node) => {
  const axes = trace.known(node.inputs[0] ?? '')
  const repeats = trace.ints(node.inputs[1] ?? '')
  if (!axes || repeats?.length !== axes.length) return trace.refuse(node, { code: 'dynamic-shape', reason: `the counts of ${label(node)} are computed at run time` })
  trace.set(
    node.outputs[0] ?? '',
    axes.map((map, axis) => (map && repeats[axis] !== 1 ? Int32Array.from({ length: map.length * (repeats[axis] ?? 1) }, (_, at) => map[at % map.length] as number) : map)),
  )
}

