import { DATA_TYPES } from '../../data-type'
import type { Dim } from '../../records'
import { broadcastDim, broadcastShapes, type Shape } from '../dims'
import { type Fact, tensorFact } from '../fact'
import type { NodeContext, Rule, RuleTable } from '../node-context'

const { int32, float32 } = DATA_TYPES

/** numpy.matmul: a vector on the left gets a leading axis, on the right a trailing one, and loses it again. */
function matmulShape(a: Shape | null, b: Shape | null): Shape | null {
  if (!a || !b || a.length === 0 || b.length === 0) return null
  const batch = broadcastShapes([a.slice(0, -2), b.slice(0, -2)])
  if (!batch) return null
  const rows = a.length > 1 ? [a[a.length - 2] ?? null] : []
  const columns = b.length > 1 ? [b[b.length - 1] ?? null] : []
  return [...batch, ...rows, ...columns]
}

function swapLast(shape: Shape | null): Shape | null {
  return shape && shape.length > 1 ? [...shape.slice(0, -2), shape.at(-1) ?? null, shape.at(-2) ?? null] : shape
}

function matmul(at: { b: number; dataType: (node: NodeContext) => number }): Rule {
  return (node) => [tensorFact(at.dataType(node), matmulShape(node.shape(0), node.shape(at.b)))]
}

function fusedMatmul(node: NodeContext): Fact[] {
  const a = node.int('transA', 0) ? swapLast(node.shape(0)) : node.shape(0)
  const b = node.int('transB', 0) ? swapLast(node.shape(1)) : node.shape(1)
  // transBatchA and transBatchB, met only in training graphs, move other axes as well.
  const moved = node.int('transBatchA', 0) || node.int('transBatchB', 0)
  return [tensorFact(node.dataType(0), moved ? null : matmulShape(a, b))]
}

function gemmShape(node: NodeContext, b: number): Shape {
  const [left, right] = [node.shape(0), node.shape(b)]
  return [left?.[node.int('transA', 0) ? 1 : 0] ?? null, right?.[node.int('transB', 0) ? 0 : 1] ?? null]
}

/** Weights packed to [N, …] for [K, N]: only the rows of the last axis change. */
function packedMatmul(node: NodeContext): Fact[] {
  const a = node.shape(0)
  const columns = node.optionalInt('N') ?? node.elements(3)?.[1] ?? null
  return [tensorFact(node.dataType(0), a ? [...a.slice(0, -1), columns] : null)]
}

/** Letters of one operand of an Einsum; `...` stands for the broadcast axes. */
interface Term {
  readonly letters: readonly string[]
}

export interface Equation {
  readonly inputs: readonly Term[]
  readonly output: Term
}

/** Parses an Einsum equation; without `->` the output has the letters met once, in alphabetical order, after the ellipsis. */
export function parseEinsum(text: string): Equation {
  const [left = '', right] = text.replaceAll(/\s/g, '').split('->')
  const letters = (term: string) => term.match(/\.\.\.|./g) ?? []
  const inputs = left.split(',').map((term) => ({ letters: letters(term) }))
  if (right !== undefined) return { inputs, output: { letters: letters(right) } }
  const all = inputs.flatMap((term) => term.letters)
  const once = all.filter((letter) => letter !== '...' && all.indexOf(letter) === all.lastIndexOf(letter)).toSorted()
  return { inputs, output: { letters: all.includes('...') ? ['...', ...once] : once } }
}

/** Sizes of the letters, and the shape that the ellipsis stands for; null where the operands do not fit the equation. */
export function einsumSizes(equation: Equation, shapes: readonly (Shape | null)[]): { sizes: ReadonlyMap<string, Dim>; ellipsis: Shape } | null {
  const sizes = new Map<string, Dim>()
  let ellipsis: Shape | null = []
  for (const [at, { letters }] of equation.inputs.entries()) {
    const shape = shapes[at]
    if (!shape) return null
    const hidden = letters.includes('...') ? shape.length - (letters.length - 1) : 0
    if (hidden < 0 || (!letters.includes('...') && shape.length !== letters.length)) return null
    let axis = 0
    for (const letter of letters) {
      if (letter === '...') {
        ellipsis = broadcastShapes([ellipsis, shape.slice(axis, axis + hidden)])
        axis += hidden
      } else {
        const dim = shape[axis++] ?? null
        sizes.set(letter, sizes.has(letter) ? broadcastDim(sizes.get(letter) ?? null, dim) : dim)
      }
    }
  }
  return ellipsis && { sizes, ellipsis }
}

function einsum(node: NodeContext): Fact[] {
  const equation = parseEinsum(node.string('equation') ?? '')
  const known = einsumSizes(equation, node.inputs.map((_, at) => node.shape(at)))
  if (!known) {
    const { letters } = equation.output
    return [tensorFact(node.dataType(0), letters.includes('...') ? null : letters.map(() => null))]
  }
  return [tensorFact(node.dataType(0), equation.output.letters.flatMap((letter) => (letter === '...' ? known.ellipsis : [known.sizes.get(letter) ?? null])))]
}

const gemm: Rule = (node) => [tensorFact(node.dataType(0), gemmShape(node, 1))]

export const matmulRules: RuleTable = {
  MatMul: matmul({ b: 1, dataType: (node) => node.dataType(0) || node.dataType(1) }),
  MatMulInteger: matmul({ b: 1, dataType: () => int32.code }),
  QLinearMatMul: matmul({ b: 3, dataType: (node) => node.dataType(7) || node.dataType(0) }),
  Gemm: gemm,
  Einsum: einsum,
  Det: (node) => [tensorFact(node.dataType(0), node.shape(0)?.slice(0, -2) ?? null)],
  'com.microsoft:FusedGemm': gemm,
  'com.microsoft:GemmFloat8': gemm,
  'com.microsoft:QGemm': (node) => [tensorFact(node.has(8) ? node.dataType(8) : float32.code, gemmShape(node, 3))],
  'com.microsoft:FusedMatMul': fusedMatmul,
  'com.microsoft:FusedMatMulActivation': fusedMatmul,
  'com.microsoft:TransposeMatMul': fusedMatmul,
  'com.microsoft:MatMulInteger16': matmul({ b: 1, dataType: () => int32.code }),
  'com.microsoft:MatMulIntegerToFloat': matmul({ b: 1, dataType: (node) => node.dataType(2) }),
  'com.microsoft:DynamicQuantizeMatMul': matmul({ b: 1, dataType: (node) => node.dataType(0) }),
  'com.microsoft:MatMulNBits': packedMatmul,
  'com.microsoft:MatMulBnb4': packedMatmul,
  'com.microsoft:MatMulFpQ4': packedMatmul,
}
