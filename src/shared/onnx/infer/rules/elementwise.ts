import { DATA_TYPES } from '../../data-type'
import type { Dim } from '../../records'
import { broadcastShapes, type Shape } from '../dims'
import { BINARY, castElement, flatIndex, gridElements, UNARY } from '../element-math'
import { type Fact, tensorFact } from '../fact'
import type { NodeContext, Rule, RuleTable } from '../node-context'

const BOOL = DATA_TYPES.bool.code

/** The type of the first input as it is; elements of the ops in UNARY are followed. */
export function sameAsFirst(node: NodeContext): (Fact | null)[] {
  const type = node.type(0)
  if (!type) return []
  const compute = UNARY[node.node.opType]
  const elements = compute ? node.elements(0) : null
  if (!compute || !elements) return [{ type }]
  const dataType = node.dataType(0)
  return [tensorFact(dataType, node.shape(0), elements.map((element) => compute(element, dataType)))]
}

function sameShape(dataType: number): Rule {
  return (node) => [tensorFact(dataType, node.shape(0))]
}

/** The first input's shape in the type of attribute `dtype`, by default its own. */
function likeFirst(node: NodeContext): Fact[] {
  return [tensorFact(node.int('dtype', 0) || node.dataType(0), node.shape(0))]
}

/** Before opset 7 the second input was broadcast to the first only where `broadcast` said so. */
function broadcastOf(node: NodeContext): Shape | null {
  return node.opset < 7 ? node.shape(0) : broadcastShapes(node.inputs.map((_, at) => node.shape(at)))
}

function broadcast(result: 'first' | 'any' | typeof BOOL): Rule {
  return (node) => {
    const shape = broadcastOf(node)
    const operand = node.dataType(0) || (result === 'first' ? 0 : node.dataType(1))
    const dataType = result === BOOL ? BOOL : operand
    return [tensorFact(dataType, shape, node.opset < 7 ? null : combined(node, shape))]
  }
}

/** Elements of a binary or variadic op whose inputs are all small and followed. */
function combined(node: NodeContext, shape: Shape | null): Dim[] | null {
  const compute = BINARY[node.node.opType]
  if (!compute) return null
  const operands: { shape: Shape; elements: readonly Dim[] }[] = []
  for (const at of node.inputs.keys()) {
    const elements = node.elements(at)
    const operand = node.shape(at)
    if (!elements || !operand) return null
    operands.push({ shape: operand, elements })
  }
  const dataType = node.dataType(0)
  return gridElements(shape, (at) =>
    operands.map((operand): Dim => operand.elements[flatIndex(operand.shape, at)] ?? null).reduce((a, b) => compute(a, b, dataType)),
  )
}

function where(node: NodeContext): Fact[] {
  const shape = broadcastShapes([node.shape(0), node.shape(1), node.shape(2)])
  const [condition, yes, no] = [0, 1, 2].map((at) => ({ shape: node.shape(at), elements: node.elements(at) }))
  const pick = (operand: typeof yes, at: readonly number[]): Dim => (operand?.shape && operand.elements ? (operand.elements[flatIndex(operand.shape, at)] ?? null) : null)
  const elements =
    condition?.elements && (yes?.elements ?? no?.elements)
      ? gridElements(shape, (at) => {
          const chosen = pick(condition, at)
          if (typeof chosen === 'number') return pick(chosen ? yes : no, at)
          const [a, b] = [pick(yes, at), pick(no, at)]
          return a === b ? a : null
        })
      : null
  return [tensorFact(node.dataType(1) || node.dataType(2), shape, elements)]
}

/** Type names of Cast's `to` before opset 6. */
function castTarget(node: NodeContext): number {
  const name = node.string('to')?.toLowerCase()
  if (name === undefined) return node.int('to', 0)
  const aliases: Record<string, keyof typeof DATA_TYPES> = { float: 'float32', double: 'float64' }
  const known = aliases[name] ?? name
  return known in DATA_TYPES ? DATA_TYPES[known as keyof typeof DATA_TYPES].code : 0
}

function cast(node: NodeContext, to: number): Fact[] {
  return [tensorFact(to, node.shape(0), node.elements(0)?.map((element) => castElement(element, to)))]
}

function clip(node: NodeContext): Fact[] {
  const [low, high] = [node.elements(1)?.[0], node.elements(2)?.[0]]
  const inputs = node.opset >= 11 && (!node.has(1) || typeof low === 'number') && (!node.has(2) || typeof high === 'number')
  const elements = inputs
    ? node.elements(0)?.map((element) => (typeof element === 'number' ? Math.min(Math.max(element, Number(low ?? -Infinity)), Number(high ?? Infinity)) : null))
    : null
  return [tensorFact(node.dataType(0), node.shape(0), elements)]
}

function dropout(node: NodeContext): Fact[] {
  const x = tensorFact(node.dataType(0), node.shape(0))
  // The mask became boolean with opset 10.
  return [x, tensorFact(node.opset >= 10 ? BOOL : node.dataType(0), node.shape(0))]
}

const SAME = [
  'Abs', 'Acos', 'Acosh', 'Asin', 'Asinh', 'Atan', 'Atanh', 'BitwiseNot', 'Ceil', 'Celu', 'Cos', 'Cosh', 'CumProd', 'CumSum', 'Elu', 'Erf', 'Exp', 'Floor',
  'Gelu', 'HardSigmoid', 'HardSwish', 'Hardmax', 'Identity', 'LeakyRelu', 'Log', 'LogSoftmax', 'Mish', 'Neg', 'Not', 'PRelu', 'Reciprocal', 'Relu',
  'Round', 'Selu', 'Shrink', 'Sigmoid', 'Sign', 'Sin', 'Sinh', 'Softmax', 'Softplus', 'Softsign', 'Sqrt', 'Swish', 'Tan', 'Tanh', 'ThresholdedRelu', 'Trilu',
  // Experimental ops of the first opsets, still met in old exports.
  'Affine', 'ImageScaler', 'ParametricSoftplus', 'Scale', 'ScaledTanh',
  'com.microsoft:BiasGelu', 'com.microsoft:BiasSoftmax', 'com.microsoft:FastGelu', 'com.microsoft:Gelu', 'com.microsoft:Inverse', 'com.microsoft:QuickGelu',
  'com.microsoft:QLinearLeakyRelu', 'com.microsoft:QLinearSigmoid', 'com.microsoft:QLinearSoftmax', 'com.microsoft:Trilu', 'com.microsoft:BiasAdd',
]

export const elementwiseRules: RuleTable = {
  ...Object.fromEntries(SAME.map((name) => [name, sameAsFirst])),
  ...Object.fromEntries(['Add', 'Sub', 'Mul', 'Div', 'Mod', 'BitShift', 'BitwiseAnd', 'BitwiseOr', 'BitwiseXor'].map((name) => [name, broadcast('any')])),
  ...Object.fromEntries(['Max', 'Min', 'Sum', 'Mean'].map((name) => [name, variadic])),
  ...Object.fromEntries(['And', 'Or', 'Xor', 'Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'].map((name) => [name, broadcast(BOOL)])),
  Pow: broadcast('first'),
  Where: where,
  Clip: clip,
  Dropout: dropout,
  'com.microsoft:BiasDropout': dropout,
  IsInf: sameShape(BOOL),
  IsNaN: sameShape(BOOL),
  'com.microsoft:IsAllFinite': () => [tensorFact(BOOL, [])],
  Cast: (node) => cast(node, castTarget(node)),
  CastLike: (node) => cast(node, node.dataType(1)),
  BitCast: (node) => [tensorFact(node.int('to', 0), node.shape(0))],
  Bernoulli: likeFirst,
  RandomNormalLike: likeFirst,
  RandomUniformLike: likeFirst,
  EyeLike: likeFirst,
}

/** Max, Min, Sum and Mean broadcast since opset 8. */
function variadic(node: NodeContext): Fact[] {
  if (node.opset < 8) return [tensorFact(node.dataType(0), node.shape(0))]
  const shape = broadcastShapes(node.inputs.map((_, at) => node.shape(at)))
  return [tensorFact(node.inputs.map((_, at) => node.dataType(at)).find((code) => code !== 0) ?? 0, shape, combined(node, shape))]
}
