/** How channels pass through operators that work element by element, along an axis, or over a neighbourhood. */
import { intAttribute, stringAttribute } from '#shared/onnx/attributes'
import type { ChannelMap, Lock } from './channel-space'
import { broadcastAxis, type Rule } from './layer-rules'
import { axisAttribute, label } from './trace'

/** The first input's axes are the output's; other inputs are single numbers. */
export const sameAxes: Rule = (trace, node) => {
  const [x = ''] = node.inputs
  // Exporters give one constant to several readers through Identity.
  const axes = trace.constantDims(x)?.map((_, axis) => trace.axis(x, axis)) ?? trace.known(x)
  for (const name of node.outputs) {
    if (axes) trace.set(name, axes)
    else trace.giveUp(name, trace.reasonOf(x, node))
  }
}

/** Numpy broadcasting: axes meet from the last on; where an operand has size 1, or lacks the axis, it does not matter. */
export const broadcast: Rule = (trace, node) => {
  const names = node.inputs.filter((name) => name !== '')
  const shapes = names.map((name) => trace.shape(name))
  const ranks = shapes.map((shape) => shape?.length)
  if (ranks.some((rank) => rank === undefined)) return trace.refuse(node, { code: 'dynamic-shape', reason: `the shapes at ${label(node)} are not known` })
  const rank = Math.max(...(ranks as number[]))
  const axes: (ChannelMap | null)[] = []
  for (let axis = 0; axis < rank; axis++) {
    const parts = names.map((name, at) => {
      const own = axis - (rank - (ranks[at] ?? 0))
      return { name, own, size: own < 0 ? undefined : shapes[at]?.[own] }
    })
    // A constant is opened only where something computed can be cut beside it.
    const meets = parts.some(({ name, own }) => own >= 0 && !trace.isConstant(name) && (trace.known(name)?.[own] ?? null) !== null)
    const opened = parts.map(({ name, own, size }) => ({
      name,
      size,
      map: own < 0 || size === 1 ? null : trace.isConstant(name) && !meets ? null : trace.axis(name, own),
    }))
    axes.push(broadcastAxis(trace, node, opened))
    if (meets) continue
    for (const { name, own, size } of parts) {
      if (own >= 0 && size !== 1 && trace.isConstant(name)) trace.space.lock(trace.axis(name, own), trace.reasonOf(name, node))
    }
  }
  trace.set(node.outputs[0] ?? '', axes)
  for (const name of node.outputs.slice(1)) trace.giveUp(name, trace.reasonOf(names[0] ?? '', node))
}

/** Batch and channels pass, what is beyond them is moved over. */
export const pool: Rule = (trace, node) => {
  const [x = ''] = node.inputs
  const axes = trace.known(x)
  const [output = '', ...rest] = node.outputs
  if (axes) trace.set(output, axes.map((map, axis) => (axis < 2 ? map : null)))
  else trace.giveUp(output, trace.reasonOf(x, node))
  for (const name of rest) if (name !== '') return trace.refuse(node, { code: 'operator', reason: `${label(node)} gives out positions` })
}

/** All along one axis is computed together. */
export const alongAxis: Rule = (trace, node) => {
  const [x = ''] = node.inputs
  const axes = trace.known(x)
  const [output = ''] = node.outputs
  if (!axes) return trace.giveUp(output, trace.reasonOf(x, node))
  const isOld = trace.opset() < 13
  const axis = axisAttribute(node, isOld ? 1 : -1, axes.length)
  const lock: Lock = { code: 'mixes-channels', reason: `${label(node)} is taken over it`, nodeId: node.id }
  // Before opset 13 everything from the axis on was one row.
  const isMixed = (at: number) => axis === null || (isOld ? at >= axis : at === axis)
  for (const [at, map] of axes.entries()) if (isMixed(at)) trace.space.lock(map, lock)
  trace.set(output, axes.map((map, at) => (isMixed(at) ? null : map)))
}

/** Axes that are reduced must stay whole. */
export const reduce: Rule = (trace, node) => {
  const [x = ''] = node.inputs
  const axes = trace.known(x)
  const [output = ''] = node.outputs
  const rank = axes?.length ?? trace.shape(x)?.length
  if (!axes || rank === undefined) return trace.giveUp(output, trace.reasonOf(x, node))
  const listed = node.opType.startsWith('Arg') ? [intAttribute(node, 'axis', 0)] : trace.list(node, { attribute: 'axes', input: 1 })
  if (listed === null) return trace.refuse(node, { code: 'dynamic-shape', reason: `the axes of ${label(node)} are computed at run time` })
  const keepsAll = listed === undefined && intAttribute(node, 'noop_with_empty_axes', 0) !== 0
  const reduced = new Set((listed ?? (keepsAll ? [] : axes.map((_, at) => at))).map((axis) => (axis < 0 ? axis + rank : axis)))
  const lock: Lock = { code: 'mixes-channels', reason: `${label(node)} is taken over it`, nodeId: node.id }
  for (const axis of reduced) trace.space.lock(axes[axis] ?? null, lock)
  const keepsDims = intAttribute(node, 'keepdims', 1) !== 0
  trace.set(output, axes.flatMap((map, axis) => (reduced.has(axis) ? (keepsDims ? [null] : []) : [map])))
}

/** Blocks of space become channels, or the other way round: channels that one becomes go together. */
export const depthSpace: Rule = (trace, node) => {
  const [x = ''] = node.inputs
  const axes = trace.known(x)
  const channels = axes?.[1] ?? null
  const [output = ''] = node.outputs
  const square = intAttribute(node, 'blocksize', 1) ** 2
  if (!channels) return trace.giveUp(output, trace.reasonOf(x, node))
  const isToSpace = node.opType === 'DepthToSpace'
  const small = isToSpace ? channels.length / square : channels.length
  const isColumnRow = isToSpace && stringAttribute(node, 'mode', 'DCR') === 'CRD'
  const made = isToSpace ? trace.space.fresh(small) : trace.space.fresh(small * square)
  const many = isToSpace ? channels : made
  const few = isToSpace ? made : channels
  for (let at = 0; at < many.length; at++) trace.space.union(few[isColumnRow ? Math.floor(at / square) : at % small] as number, many[at] as number)
  trace.set(output, [axes?.[0] ?? null, made, null, null])
}

/** Sizes only: they are computed anew from what is left. */
export const sizesOnly: Rule = (trace, node) => {
  const [output = ''] = node.outputs
  trace.set(output, (trace.shape(output) ?? []).map(() => null))
}

