import { DATA_TYPES } from '../../data-type'
import type { Dim } from '../../records'
import { dimsOfRank, normalizeAxes, normalizeAxis, type Shape, unknownDims } from '../dims'
import { BINARY } from '../element-math'
import { type Fact, tensorFact } from '../fact'
import type { NodeContext, Rule, RuleTable } from '../node-context'
import { axesOf } from './shape'

interface Reduction {
  /** Opset since which the axes are an input. */
  readonly axesInputSince: number
  /** The binary op that reducing repeats, where elements can be followed. */
  readonly repeats?: 'Add' | 'Mul' | 'Max' | 'Min'
}

function reducedShape(node: NodeContext, axes: readonly number[] | null | undefined, axesInput: number): Shape | null {
  const from = node.shape(0)
  const keep = node.int('keepdims', 1) !== 0
  if (!from) return null
  if (axes === null) {
    if (keep) return unknownDims(from.length)
    const removed = node.shape(axesInput)?.[0]
    return typeof removed === 'number' ? dimsOfRank(from.length - removed) : null
  }
  if (!axes || axes.length === 0) {
    if (node.int('noop_with_empty_axes', 0) !== 0) return from
    return keep ? from.map(() => 1) : []
  }
  const at = normalizeAxes(axes, from.length)
  if (!at) return null
  return keep ? from.map((dim, axis) => (at.includes(axis) ? 1 : dim)) : from.filter((_, axis) => !at.includes(axis))
}

function reduce({ axesInputSince, repeats }: Reduction): Rule {
  return (node) => {
    const shape = reducedShape(node, axesOf(node, 1, axesInputSince), 1)
    const dataType = node.dataType(0)
    const elements = node.elements(0)
    const compute = repeats && BINARY[repeats]
    // Only a vector reduced as a whole: the product of sizes, mostly.
    const whole = node.shape(0)?.length === 1 && shape?.every((dim) => dim === 1) && node.int('noop_with_empty_axes', 0) === 0
    const result = compute && whole && elements && elements.length > 0 ? [elements.reduce((a, b): Dim => compute(a, b, dataType))] : null
    return [tensorFact(dataType, shape, result)]
  }
}

function argReduce(node: NodeContext): Fact[] {
  const from = node.shape(0)
  const axis = from ? normalizeAxis(node.int('axis', 0), from.length) : null
  const keep = node.int('keepdims', 1) !== 0
  const dims = from && axis !== null ? (keep ? from.map((dim, at) => (at === axis ? 1 : dim)) : from.toSpliced(axis, 1)) : null
  return [tensorFact(DATA_TYPES.int64.code, dims)]
}

/** scores [N, C, …d], labels [N, …d] → the loss by `reduction`, and log probabilities shaped as the scores */
function loss(node: NodeContext): Fact[] {
  const shape = node.string('reduction') === 'none' ? node.shape(1) : []
  return [tensorFact(node.dataType(0), shape), tensorFact(node.dataType(0), node.shape(0))]
}

const since18: Reduction = { axesInputSince: 18 }

export const reductionRules: RuleTable = {
  ReduceSum: reduce({ axesInputSince: 13, repeats: 'Add' }),
  ReduceProd: reduce({ ...since18, repeats: 'Mul' }),
  ReduceMax: reduce({ ...since18, repeats: 'Max' }),
  ReduceMin: reduce({ ...since18, repeats: 'Min' }),
  ...Object.fromEntries(['ReduceMean', 'ReduceL1', 'ReduceL2', 'ReduceLogSum', 'ReduceLogSumExp', 'ReduceSumSquare'].map((name) => [name, reduce(since18)])),
  ArgMax: argReduce,
  ArgMin: argReduce,
  SoftmaxCrossEntropyLoss: loss,
  NegativeLogLikelihoodLoss: loss,
  'com.microsoft:ReduceSumInteger': (node) => [tensorFact(DATA_TYPES.int32.code, reducedShape(node, node.ints('axes') ?? undefined, 1))],
  'com.microsoft:QLinearReduceMean': (node) => [tensorFact(node.dataType(0), reducedShape(node, node.ints('axes') ?? undefined, 1))],
}
