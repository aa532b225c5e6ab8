/** Expressing channels that went by those that stay, in the weights of the layers that read them (Kim et al. 2020, "Neuron Merging"). */
import type { Edit } from '#shared/onnx/document'
import type { Model, Tensor } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { openMatrixProducts, type MatrixProducts } from '../../runtime/linear-algebra'
import type { TensorValue } from '../../runtime/model-runner'
import { constantTensor, elementsOf, isFloat32 } from '../constants'
import { float32Numbers, observe, type Observer } from '../recovery/observe'
import { floatValues } from '../weight-store'
import type { ChannelGraph } from './channel-graph'
import { type Match, nearestKept, placesOfUnits } from './nearest-kept'
import { fitWeights, NormalEquations } from './normal-equations'
import { choosePositions } from './refit'
import { sliceTensor } from './surgery'
import type { LayerAxes } from './trace'
import { channelAxis } from './unit-scores'

export interface MergeOptions {
  /** Of the model before the cut; nodes of the cut one have the same ids. */
  readonly graph: ChannelGraph
  /** Representatives of what went. */
  readonly removed: ReadonlySet<number>
}

/** A layer that reads channels which went. */
interface Reader {
  readonly layer: LayerAxes
  readonly inputAxis: number
  readonly weight: Tensor
  /** Indices of its inputs, before the cut. */
  readonly kept: readonly number[]
  readonly gone: readonly number[]
  /** Null where all outputs stay. */
  readonly keptOutputs: readonly number[] | null
}

const LINEAR = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul'])
const ROWS_PER_SAMPLE = 96
const HELD_BACK = 4
const BUDGET_BYTES = 384 * 1024 * 1024
/** Wider inputs take too long to solve for. */
const MOST_CHANNELS = 4608

/** From weights alone: a channel that went is the kept one made by the most similar filter, scaled. Returns how many layers changed. */
export function mergeBySimilarity(edit: Edit, { graph, removed }: MergeOptions): number {
  const nearest = nearestKept(graph, removed)
  let merged = 0
  for (const reader of readersOf(edit, { graph, removed })) {
    const factors = similarityFactors(graph, reader, nearest)
    if (!factors.some((factor) => factor !== 0)) continue
    takeOver(edit, reader, factors)
    merged++
  }
  return merged
}

/**
 * From samples: the mixture of kept channels that is nearest to what went, in the inputs that layers have in the source, by least squares.
 * Outputs are not looked at, so there are few unknowns and little data is enough. The ridge is chosen on every fourth sample; a layer that
 * does not gain there stays. Returns how many layers changed. Throws AppError `invalid-data` without samples, and what running throws.
 */
export async function mergeBySamples(edit: Edit, { graph, removed, source, context, limit }: MergeOptions & { source: Model; context: Observer; limit: number }): Promise<number> {
  const readers = readersOf(edit, { graph, removed }).filter(({ layer }) => !graph.trace.graph.inputs.some(({ name }) => name === layer.node.inputs[0]))
  const products = await openMatrixProducts(context.runner)
  let merged = 0
  try {
    for (const chunk of chunksWithinMemory(readers)) {
      const inputs = new Map(chunk.map((reader) => [inputOf(reader), new InputEquations(reader, products)]))
      let sample = 0
      await observe(source, context, { names: [...inputs.keys()], limit }, async (values) => {
        for (const [name, equations] of inputs) await equations.add(values.get(name), sample)
        sample++
      })
      for (const equations of inputs.values()) await equations.solve()
      for (const reader of chunk) {
        const factors = inputs.get(inputOf(reader))?.factors
        if (!factors) continue
        takeOver(edit, reader, factors)
        merged++
      }
    }
  } finally {
    await products.close()
  }
  return merged
}

/** [kept, gone] */
function similarityFactors({ trace: { space } }: ChannelGraph, { layer: { input }, kept, gone }: Reader, nearest: ReadonlyMap<number, Match>): Float64Array {
  const places = placesOfUnits(space, input ?? Int32Array.of())
  const rows = new Map(kept.map((at, row) => [at, row]))
  const factors = new Float64Array(kept.length * gone.length)
  for (const [column, at] of gone.entries()) {
    const unit = space.root(input?.[at] as number)
    const match = nearest.get(unit)
    // A unit may be several inputs (pixels of a flattened picture): the same one of its counterpart stands in.
    const row = match && rows.get(places.get(match.unit)?.[places.get(unit)?.indexOf(at) ?? -1] ?? -1)
    if (match && row !== undefined) factors[row * gone.length + column] = match.scale
  }
  return factors
}

/** Kept channels against those that went, for one value. */
class InputEquations {
  factors: Float64Array | null = null
  readonly #parts: readonly [fitted: NormalEquations, held: NormalEquations]

  constructor(
    readonly reader: Reader,
    products: MatrixProducts,
  ) {
    const { kept, gone } = reader
    this.#parts = [new NormalEquations(kept.length, gone.length, products), new NormalEquations(kept.length, gone.length, products)]
  }

  async add(value: TensorValue | undefined, sample: number): Promise<void> {
    const numbers = float32Numbers(value)
    const dims = value?.dims ?? []
    const { kept, gone, layer } = this.reader
    const axis = channelAxis(layer.node.opType, dims.length)
    const inner = elementsOf(dims.slice(axis + 1))
    const channels = dims[axis] ?? 1
    const part = this.#parts[sample % HELD_BACK === HELD_BACK - 1 ? 1 : 0]
    for (const position of choosePositions(numbers.length / channels, { sample, rowsPerSample: ROWS_PER_SAMPLE })) {
      const first = Math.floor(position / inner) * channels * inner + (position % inner)
      const isFull = part.add({
        inputs: ({ into, at }) => kept.forEach((channel, place) => (into[at + place] = numbers[first + channel * inner] as number)),
        targets: ({ into, at }) => gone.forEach((channel, place) => (into[at + place] = numbers[first + channel * inner] as number)),
      })
      if (isFull) await part.flush()
    }
  }

  async solve(): Promise<void> {
    const [fitted, held] = this.#parts
    await fitted.flush()
    await held.flush()
    this.factors = (await fitWeights(fitted, held, new Float64Array(fitted.size * fitted.columns)))?.weights ?? null
  }
}

function readersOf(edit: Edit, { graph: { trace }, removed }: MergeOptions): Reader[] {
  const isGone = (channel: number) => removed.has(trace.space.root(channel))
  return trace.layers.flatMap((layer): Reader[] => {
    const { input, inputAxis, output, node } = layer
    if (!input?.some(isGone) || inputAxis === null || !LINEAR.has(node.opType) || input.length > MOST_CHANNELS) return []
    const weight = constantTensor(trace.document, trace.graph, layer.weight)
    if (!weight || !isFloat32(weight) || edit.document.uses(edit.main, layer.weight).length !== 1) return []
    const [kept, gone]: [number[], number[]] = [[], []]
    for (const [at, channel] of input.entries()) (isGone(channel) ? gone : kept).push(at)
    return [{ layer, inputAxis, weight, kept, gone, keptOutputs: output && [...output.keys()].filter((at) => !isGone(output[at] as number)) }]
  })
}

function inputOf({ layer }: Reader): string {
  return layer.node.inputs[0] ?? ''
}

function chunksWithinMemory(readers: readonly Reader[]): Reader[][] {
  const chunks: Reader[][] = []
  let used = Infinity
  for (const reader of readers) {
    const [kept, gone] = [reader.kept.length, reader.gone.length]
    const bytes = 2 * (8 * kept * (kept + gone) + 4 * 2048 * (kept + gone))
    if (used + bytes > BUDGET_BYTES) {
      chunks.push([])
      used = 0
    }
    chunks.at(-1)?.push(reader)
    used += bytes
  }
  return chunks
}

/** Writes the cut layer's weight anew: what it took from channels that went, it takes from their mixtures. */
function takeOver(edit: Edit, { layer, inputAxis, weight, kept, gone, keptOutputs }: Reader, factors: Float64Array): void {
  const full = floatValues(weight)
  const inner = elementsOf(weight.dims.slice(inputAxis + 1))
  const size = weight.dims[inputAxis] ?? 1
  const mixed = new Float32Array((full.length / size) * kept.length)
  for (let outer = 0; outer < full.length / size / inner; outer++) {
    for (const [row, at] of kept.entries()) {
      const to = (outer * kept.length + row) * inner
      const from = (outer * size + at) * inner
      for (let place = 0; place < inner; place++) {
        let value = full[from + place] as number
        for (const [column, other] of gone.entries()) value += (factors[row * gone.length + column] as number) * (full[(outer * size + other) * inner + place] as number)
        mixed[to + place] = value
      }
    }
  }
  const merged = rawTensor(layer.weight, 'float32', weight.dims.with(inputAxis, kept.length), bytesOf(mixed))
  edit.setInitializer(edit.main, sliceTensor(merged, weight.dims.map((_, axis) => (axis === layer.outputAxis ? keptOutputs : null))))
}
