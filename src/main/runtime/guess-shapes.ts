/** Sizes for the dimensions that a model leaves open. */
import { intAttribute } from '#shared/onnx/attributes'
import type { Dim, Model, Node } from '#shared/onnx/records'
import { isFloat } from './convert-elements'
import type { ModelInput } from './model-inputs'

/** Sizes by what a dimension seems to be for. */
export interface ShapeGuess {
  /** Height and width of pictures. */
  readonly picture: number
  /** Tokens or frames. */
  readonly sequence: number
  /** Samples of a signal. */
  readonly signal: number
  /** What a cache already holds. */
  readonly past: number
}

/** In the order of trying. Pictures are multiples of 32, the usual total stride; the later ones are for odd models. */
export const SHAPE_GUESSES: readonly [ShapeGuess, ...ShapeGuess[]] = [
  { picture: 224, sequence: 8, signal: 512, past: 0 },
  { picture: 320, sequence: 16, signal: 16000, past: 8 },
  { picture: 256, sequence: 1, signal: 1280, past: 1 },
  { picture: 640, sequence: 32, signal: 1024, past: 16 },
  { picture: 32, sequence: 100, signal: 480, past: 4 },
  { picture: 48, sequence: 84, signal: 48000, past: 2 },
  { picture: 64, sequence: 128, signal: 4096, past: 32 },
  { picture: 28, sequence: 4, signal: 257, past: 3 },
]

export interface GuessOptions {
  readonly dims: Readonly<Record<string, number>>
  readonly guess: ShapeGuess
}

export interface GuessedShapes {
  readonly shapes: ReadonlyMap<string, readonly number[]>
  /** Something beside the batch had to be guessed. */
  readonly isGuess: boolean
  /** What could be given in `dims`. */
  readonly open: readonly string[]
}

export function guessShapes(model: Model, inputs: readonly ModelInput[], { dims, guess }: GuessOptions): GuessedShapes {
  const symbols = new Map(Object.entries(dims))
  const open = new Set<string>()
  let isGuess = false
  const shapes = new Map<string, number[]>()
  for (const input of inputs) {
    const shape = input.shape ?? [null]
    if (input.shape === null) isGuess = true
    const needed = consumerDims(model, input.name, shape.length)
    shapes.set(
      input.name,
      shape.map((dim, axis) => {
        const key = `${input.name}:${axis}`
        if (typeof dim === 'number') return dim
        open.add(dim ?? key)
        const known = symbols.get(key) ?? (dim === null ? undefined : symbols.get(dim)) ?? needed.get(axis)
        if (known !== undefined) return known
        const purpose = purposeOf(input, shape, axis)
        const size = purpose === 'one' ? 1 : purpose === 'total' ? guess.sequence + guess.past : guess[purpose]
        if (purpose !== 'one') isGuess = true
        // A symbol has one value in all inputs.
        if (dim !== null) symbols.set(dim, size)
        return size
      }),
    )
  }
  return { shapes, isGuess, open: [...open] }
}

function purposeOf(input: ModelInput, shape: readonly Dim[], axis: number): keyof ShapeGuess | 'one' | 'total' {
  const symbol = String(shape[axis] ?? '').toLowerCase()
  const name = input.name.toLowerCase()
  if (/total/.test(symbol)) return 'total'
  if (/past|cache/.test(symbol)) return 'past'
  if (/batch|^n$|^b$|^bs$/.test(symbol)) return 'one'
  if (/seq|token|frame|time|length|len$/.test(symbol) && shape.length < 4) return 'sequence'
  if (axis === 0 && shape.length > 1) return 'one'
  if (shape[axis] === null && /state|hidden|^[hc]_?\d*$|cache/.test(name)) return 'one'
  if (shape.length >= 4) return isChannelAxis(shape, axis) ? 'one' : 'picture'
  if (shape.length === 2 && isFloat(input.dataType)) return 'signal'
  if (shape.length === 1 && isFloat(input.dataType)) return 'one'
  return 'sequence'
}

/** Channels come second unless the last dimension looks like them. */
function isChannelAxis(shape: readonly Dim[], axis: number): boolean {
  const last = shape.at(-1)
  const channelsLast = typeof last === 'number' && last <= 4 && typeof shape[1] !== 'number'
  return axis === (channelsLast ? shape.length - 1 : 1)
}

/** Sizes that the weights of the nodes reading the input ask for, by axis. */
function consumerDims(model: Model, input: string, rank: number): Map<number, number> {
  const weights = new Map(model.graph.initializers.map((tensor) => [tensor.name, tensor.dims]))
  const found = new Map<number, number>()
  for (const node of model.graph.nodes) {
    if (node.inputs[0] !== input) continue
    const weight = weights.get(node.inputs[1] ?? '')
    if (weight) addWeightDim(found, node, weight, rank)
  }
  return found
}

function addWeightDim(found: Map<number, number>, node: Node, weight: readonly number[], rank: number): void {
  const set = (axis: number, size: number | undefined) => {
    if (size !== undefined && axis >= 0) found.set(axis, size)
  }
  if (node.opType === 'Conv') set(1, (weight[1] ?? 1) * intAttribute(node, 'group', 1))
  if (node.opType === 'ConvTranspose') set(1, weight[0])
  if (node.opType === 'MatMul' && weight.length >= 2) set(rank - 1, weight.at(-2))
  if (node.opType === 'Gemm') set(intAttribute(node, 'transA', 0) ? 0 : 1, weight[intAttribute(node, 'transB', 0) ? 1 : 0])
}
