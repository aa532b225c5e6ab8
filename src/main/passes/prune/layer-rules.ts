/** How channels pass through operators with weights, and through products. */
import { intAttribute, makeInt } from '#shared/onnx/attributes'
import type { Node } from '#shared/onnx/records'
import type { ChannelMap, Lock } from './channel-space'
import { label, type Trace } from './trace'

export type Rule = (trace: Trace, node: Node) => void

function unreadable(trace: Trace, node: Node): void {
  trace.refuse(node, { code: 'operator', reason: `${label(node)} computes its weights at run time` })
}

/** `[batch, channels, …]` times `[outputs, inputs / group, …]`. */
export const conv: Rule = (trace, node) => {
  const [x = '', w = '', bias = ''] = node.inputs
  const dims = trace.constantDims(w)
  if (!dims || dims.length < 3) return unreadable(trace, node)
  const groups = intAttribute(node, 'group', 1)
  const input = trace.known(x)?.[1] ?? null
  const lock = trace.reasonOf(x, node)
  const output = trace.axis(w, 0)
  if (groups === 1) {
    const weightInput = trace.axis(w, 1)
    trace.link(input, weightInput, lock)
    trace.layers.push({ node, weight: w, outputAxis: 0, inputAxis: 1, output, input: weightInput })
    cost(trace, node, [output, weightInput])
  } else groupedConv(trace, node, { input, output, weight: w, groups, lock })
  if (bias !== '') trace.link(output, trace.axis(bias, 0), lock)
  giveChannels(trace, node, { channels: output, rank: dims.length })
}

interface Grouped {
  readonly input: ChannelMap | null
  readonly output: ChannelMap | null
  readonly weight: string
  readonly groups: number
  readonly lock: Lock
}

/**
 * Depthwise, and many narrow groups: a whole group goes, inputs and outputs together. Few wide groups: all lose the channels at the same
 * positions, so that they stay equal.
 */
function groupedConv(trace: Trace, node: Node, { input, output, weight, groups, lock }: Grouped): void {
  const [outputs = 0, perGroup = 0] = trace.constantDims(weight) ?? []
  const outputsPerGroup = outputs / groups
  if (!output || !input || input.length !== groups * perGroup || !Number.isInteger(outputsPerGroup)) {
    trace.space.lock(output, lock)
    trace.space.lock(input, lock)
    return
  }
  const isWhole = perGroup === 1 || groups > perGroup
  const weightInput = isWhole ? null : trace.axis(weight, 1)
  for (let group = 0; group < groups; group++) {
    const anchor = input[group * perGroup] as number
    for (let at = 0; at < perGroup; at++) trace.space.union(weightInput ? (weightInput[at] as number) : anchor, input[group * perGroup + at] as number)
    for (let at = 0; at < outputsPerGroup; at++) trace.space.union(isWhole ? anchor : (output[at] as number), output[group * outputsPerGroup + at] as number)
  }
  trace.layers.push({ node, weight, outputAxis: 0, inputAxis: null, output, input: weightInput })
  cost(trace, node, [output, weightInput])
  if (isWhole) {
    trace.fix({
      nodeId: node.id,
      maps: [output],
      apply: ({ edit, graph }, current, kept) => edit.setAttribute(graph, current, 'group', makeInt('group', kept(output).length / outputsPerGroup)),
    })
  }
}

/** `[batch, channels, …]` times `[inputs, outputs / group, …]`. */
export const convTranspose: Rule = (trace, node) => {
  const [x = '', w = '', bias = ''] = node.inputs
  const dims = trace.constantDims(w)
  if (!dims || dims.length < 3) return unreadable(trace, node)
  const groups = intAttribute(node, 'group', 1)
  const input = trace.known(x)?.[1] ?? null
  const lock = trace.reasonOf(x, node)
  const weightInput = trace.axis(w, 0)
  trace.link(input, weightInput, lock)
  const weightOutput = trace.axis(w, 1)
  if (groups === 1) {
    trace.layers.push({ node, weight: w, outputAxis: 1, inputAxis: 0, output: weightOutput, input: weightInput })
    cost(trace, node, [weightOutput, weightInput])
    if (bias !== '') trace.link(weightOutput, trace.axis(bias, 0), lock)
    return giveChannels(trace, node, { channels: weightOutput, rank: dims.length })
  }
  // Groups stay as they are: which of them could go together no common model asks for.
  const whole: Lock = { code: 'operator', reason: `${label(node)} has groups`, nodeId: node.id }
  trace.space.lock(weightInput, whole)
  trace.space.lock(weightOutput, whole)
  if (bias !== '') trace.seal(bias, whole)
  giveChannels(trace, node, { channels: null, rank: dims.length })
}

export const gemm: Rule = (trace, node) => {
  const [a = '', b = '', c = ''] = node.inputs
  if (intAttribute(node, 'transA', 0) !== 0 || !trace.isConstant(b)) return trace.refuse(node, { code: 'operator', reason: `${label(node)} multiplies two computed matrices, or a transposed one` })
  const transposed = intAttribute(node, 'transB', 0) !== 0
  const [inputAxis, outputAxis] = transposed ? [1, 0] : [0, 1]
  const [input, output] = [trace.axis(b, inputAxis), trace.axis(b, outputAxis)]
  trace.link(trace.known(a)?.[1] ?? null, input, trace.reasonOf(a, node))
  trace.layers.push({ node, weight: b, outputAxis, inputAxis, output, input })
  cost(trace, node, [output, input])
  const bias = trace.shape(c)
  if (c !== '' && bias?.at(-1) !== 1 && bias?.length !== 0) trace.link(output, trace.axis(c, (bias?.length ?? 1) - 1), trace.reasonOf(c, node))
  trace.set(node.outputs[0] ?? '', [trace.known(a)?.[0] ?? null, output])
}

export const matMul: Rule = (trace, node) => {
  const [a = '', b = ''] = node.inputs
  const [shapeA, shapeB] = [trace.shape(a), trace.shape(b)]
  if (!shapeA || !shapeB || shapeA.length < 2 || shapeB.length < 2) return trace.refuse(node, { code: 'dynamic-shape', reason: `the shapes at ${label(node)} are not known` })
  const [rankA, rankB] = [shapeA.length, shapeB.length]
  const rank = Math.max(rankA, rankB)
  const at = (name: string, axis: number) => (axis < 0 ? null : trace.axis(name, axis))
  const [inner, weightInner] = [at(a, rankA - 1), at(b, rankB - 2)]
  trace.link(inner, weightInner, trace.reasonOf(inner ? b : a, node))
  const [rows, columns] = [at(a, rankA - 2), at(b, rankB - 1)]
  const batch: (ChannelMap | null)[] = []
  for (let axis = 0; axis < rank - 2; axis++) {
    const [axisA, axisB] = [axis - (rank - rankA), axis - (rank - rankB)]
    batch.push(broadcastAxis(trace, node, [sized(shapeA, axisA, at(a, axisA), a), sized(shapeB, axisB, at(b, axisB), b)]))
  }
  const [constant] = [b, a].filter((name) => trace.isConstant(name))
  if (constant === b) trace.layers.push({ node, weight: b, outputAxis: rankB - 1, inputAxis: rankB - 2, output: columns, input: weightInner })
  cost(trace, node, [rows, columns, inner ?? weightInner, ...batch])
  trace.set(node.outputs[0] ?? '', [...batch, rows, columns])
}

/** One operand's part of an axis that is broadcast; `size` is undefined where the operand lacks it. */
export interface BroadcastPart {
  readonly size: number | string | null | undefined
  readonly map: ChannelMap | null
  readonly name: string
}

function sized(shape: readonly (number | string | null)[], axis: number, map: ChannelMap | null, name: string): BroadcastPart {
  return { size: axis < 0 ? undefined : shape[axis], map, name }
}

/** Ties operands along one axis and returns what the result has there. */
export function broadcastAxis(trace: Trace, node: Node, parts: readonly BroadcastPart[]): ChannelMap | null {
  const wide = parts.filter(({ size }) => size !== undefined && size !== 1)
  const fixed = wide.find(({ map }) => map === null)
  const first = wide.find(({ map }) => map !== null)
  if (!first) return null
  for (const { map } of wide) {
    if (fixed) trace.space.lock(map, trace.reasonOf(fixed.name, node))
    else trace.link(first.map, map, { code: 'meets-fixed', reason: `${label(node)} joins unequal sizes`, nodeId: node.id })
  }
  return first.map
}

function giveChannels(trace: Trace, node: Node, { channels, rank }: { channels: ChannelMap | null; rank: number }): void {
  trace.set(node.outputs[0] ?? '', [trace.known(node.inputs[0] ?? '')?.[0] ?? null, channels, ...Array.from({ length: rank - 2 }, () => null)])
}

function cost(trace: Trace, node: Node, maps: readonly (ChannelMap | null)[]): void {
  trace.costs.push({ node, maps: maps.filter((map) => map !== null) })
}

/** Scale, shift and running figures have one entry for each channel. */
export const perChannelNormalization: Rule = (trace, node) => {
  const [x = '', ...parameters] = node.inputs
  const channels = trace.known(x)?.[1] ?? null
  for (const name of parameters) if (name !== '') trace.link(channels, trace.axis(name, 0), trace.reasonOf(x, node))
  const axes = trace.known(x)
  if (axes) trace.set(node.outputs[0] ?? '', axes)
  else trace.giveUp(node.outputs[0] ?? '', trace.reasonOf(x, node))
  for (const name of node.outputs.slice(1)) trace.giveUp(name, trace.reasonOf(x, node))
}

/** All groups keep equally many channels: those at the same position go together. */
export const groupNormalization: Rule = (trace, node) => {
  const [x = '', scale = '', bias = ''] = node.inputs
  const channels = trace.known(x)?.[1] ?? null
  const groups = intAttribute(node, 'num_groups', 1)
  if (!channels || channels.length % groups !== 0) return trace.refuse(node, { code: 'normalized', reason: `${label(node)} normalizes groups of channels` })
  const width = channels.length / groups
  for (let at = width; at < channels.length; at++) trace.space.union(channels[at % width] as number, channels[at] as number)
  for (const name of [scale, bias]) {
    const size = trace.constantDims(name)?.[0]
    if (size === channels.length && size !== groups) trace.link(channels, trace.axis(name, 0), trace.reasonOf(x, node))
    else trace.seal(name, { code: 'normalized', reason: `${label(node)} has one entry for each group`, nodeId: node.id })
  }
  trace.set(node.outputs[0] ?? '', trace.known(x) ?? [])
}

/** Leaving out some of what a mean and a variance are taken over changes both for the rest: the whole width stays. */
export const layerNormalization: Rule = (trace, node) => {
  const [x = '', ...rest] = node.inputs
  const axes = trace.known(x)
  const rank = trace.shape(x)?.length
  const axis = intAttribute(node, 'axis', -1)
  const lock: Lock = { code: 'normalized', reason: `${label(node)} normalizes over it: the whole width or nothing`, nodeId: node.id }
  for (const name of rest) trace.seal(name, lock)
  for (const name of node.outputs.slice(1)) trace.giveUp(name, lock)
  if (!axes || rank === undefined) return trace.refuse(node, lock)
  const from = axis < 0 ? axis + rank : axis
  for (const map of axes.slice(from)) trace.space.lock(map, lock)
  trace.set(node.outputs[0] ?? '', axes.map((map, at) => (at < from ? map : null)))
}

/** Features of a sequence that a recurrent layer reads; its hidden state stays. */
export const recurrent: Rule = (trace, node) => {
  const [x = '', w = '', ...rest] = node.inputs
  const lock: Lock = { code: 'operator', reason: `the hidden state of ${label(node)}`, nodeId: node.id }
  const input = trace.known(x)
  if (trace.isConstant(w)) {
    trace.link(input?.[2] ?? null, trace.axis(w, 2), trace.reasonOf(x, node))
    trace.layers.push({ node, weight: w, outputAxis: 1, inputAxis: 2, output: null, input: trace.axis(w, 2) })
  } else trace.seal(x, lock)
  for (const map of [input?.[0], input?.[1]]) trace.space.lock(map ?? null, lock)
  for (const name of rest) trace.seal(name, lock)
  for (const name of node.outputs) trace.giveUp(name, lock)
}

