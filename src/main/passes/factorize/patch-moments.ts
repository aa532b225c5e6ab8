/** Sums over the patches that linear layers read while calibration samples run. */
import { AppError } from '#shared/errors'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Edit } from '#shared/onnx/document'
import { numbersFromBytes } from '#shared/onnx/tensor-data'
import type { MatrixProducts } from '../../runtime/linear-algebra'
import type { TensorValue } from '../../runtime/model-runner'
import type { PassContext } from '../pass'
import { type LinearLayer, outputSizes, padsFor } from './linear-layer'

/** Patches that are looked at over all samples, and of one sample at least and at most, spread evenly over its output. */
const PATCHES = 4096
const FEWEST_POSITIONS = 16
const MOST_POSITIONS = 512
/** Patches collected before they are multiplied: the sums of a product cost as much as some hundred rows of it. */
const ROWS_AT_ONCE = 2048
/** Sums held at once; more layers than fit are observed in further rounds over the samples. */
const BUDGET_BYTES = 512 * 1024 * 1024

export interface PatchMoments {
  /** Of each group: they come one after the other, and have products with nothing but their own. */
  readonly columns: number
  /** Patches seen. */
  readonly count: number
  /** Mean patch, [groups, columns]. */
  readonly mean: Float64Array
  /** Mean square of each column, [groups, columns]. */
  readonly squares: Float64Array
  /** Mean of patch·patchᵀ, [groups, columns, columns]; null where it was not asked for or is too large. */
  readonly products: Float64Array | null
  /** Of the layer's input in the first sample. */
  readonly inputDims: readonly number[]
}

export interface PatchOptions {
  readonly context: PassContext
  readonly products: MatrixProducts
  readonly maxSamples: number
  /** Wider patches get no matrix of products; 0: none does. */
  readonly maxProductColumns: number
}

/**
 * Moments of the input patches of `layers` (of the main graph) over at most `maxSamples` samples, by node id; as many
 * layers at a time as fit into memory together. Each time the model runs as it is then. Layers whose input is not float32, not finite or
 * empty are left out. Throws AppError `invalid-data` without samples.
 */
export async function* patchMoments(edit: Edit, layers: readonly LinearLayer[], options: PatchOptions): AsyncGenerator<Map<number, PatchMoments>> {
  for (const round of roundsWithinMemory(layers, options.maxProductColumns)) {
    const sums = round.map((layer) => new PatchSum(layer, layer.columns <= options.maxProductColumns))
    await observe(edit, sums, options)
    yield new Map(
      sums.flatMap((sum): [number, PatchMoments][] => {
        const moments = sum.finish()
        return moments ? [[sum.layer.node.id, moments]] : []
      }),
    )
  }
}

function roundsWithinMemory(layers: readonly LinearLayer[], maxProductColumns: number): LinearLayer[][] {
  const rounds: LinearLayer[][] = []
  let used = Infinity
  for (const layer of layers) {
    const bytes = layer.groups * (layer.columns <= maxProductColumns ? layer.columns ** 2 : layer.columns) * Float64Array.BYTES_PER_ELEMENT
    if (used + bytes > BUDGET_BYTES) {
      rounds.push([])
      used = 0
    }
    rounds.at(-1)?.push(layer)
    used += bytes
  }
  return rounds
}

async function observe(edit: Edit, sums: readonly PatchSum[], { context, products, maxSamples }: PatchOptions): Promise<void> {
  const { calibration, runner, signal } = context
  if (!calibration) throw new AppError({ code: 'invalid-data', message: 'This method needs calibration data.', hint: 'Give a folder, an .npz or .npy file, or synthetic data.' })
  const fed = new Set(edit.main.inputs.map(({ name }) => name))
  const computed = [...new Set(sums.map(({ input }) => input))].filter((name) => !fed.has(name))
  const total = Math.min(calibration.sampleCount, maxSamples)
  const positions = Math.min(MOST_POSITIONS, Math.max(FEWEST_POSITIONS, Math.round(PATCHES / total)))
  let done = 0
  // Unoptimised: values that onnxruntime fuses away would not be there to look at.
  const running = await runner.load(edit.document, { optimization: 'none', extraOutputs: computed })
  try {
    for await (const feeds of calibration.samples()) {
      if (done === total) break
      signal.throwIfAborted()
      const values = computed.length === 0 ? new Map<string, TensorValue>() : await running.run(feeds, computed)
      for (const sum of sums) {
        const value = values.get(sum.input) ?? feeds.get(sum.input)
        if (value) await sum.add(value, { products, positions })
      }
      done++
      context.progress('calibrating', null, `${done} / ${total}`)
    }
  } finally {
    await running.close()
  }
  if (done === 0) throw new AppError({ code: 'invalid-data', message: 'The calibration data has no samples.' })
  for (const sum of sums) await sum.multiply(products)
}

class PatchSum {
  readonly #mean: Float64Array
  readonly #squares: Float64Array
  readonly #products: Float64Array | null
  #waiting: Float32Array[] = []
  #count = 0
  #inputDims: readonly number[] = []
  #isBroken = false
  /** Columns of all groups. */
  readonly #width: number

  constructor(
    readonly layer: LinearLayer,
    keepsProducts: boolean,
  ) {
    const { columns, groups } = layer
    this.#width = columns * groups
    this.#mean = new Float64Array(this.#width)
    this.#squares = new Float64Array(this.#width)
    this.#products = keepsProducts ? new Float64Array(groups * columns ** 2) : null
  }

  get input(): string {
    return this.layer.node.inputs[0] ?? ''
  }

  async add(value: TensorValue, { products, positions }: { products: MatrixProducts; positions: number }): Promise<void> {
    if (this.#isBroken) return
    const patches = patchesOf(value, this.layer, positions)
    if (!patches) {
      this.#isBroken = true
      return
    }
    const columns = this.#width
    const count = patches.length / columns
    if (count === 0) return
    if (this.#count === 0) this.#inputDims = value.dims
    for (let at = 0, column = 0; at < patches.length; at++, column = column + 1 === columns ? 0 : column + 1) {
      const number = patches[at] as number
      this.#mean[column] = (this.#mean[column] as number) + number
      this.#squares[column] = (this.#squares[column] as number) + number * number
    }
    if (!this.#squares.every(Number.isFinite)) {
      this.#isBroken = true
      return
    }
    this.#count += count
    if (!this.#products) return
    // What the runner gives is a view of memory that may be reused.
    this.#waiting.push(patches.slice())
    if (this.#waiting.reduce((rows, { length }) => rows + length / columns, 0) >= ROWS_AT_ONCE) await this.multiply(products)
  }

  /** Adds the products of the patches collected. */
  async multiply(products: MatrixProducts): Promise<void> {
    const sums = this.#products
    const { groups } = this.layer
    const columns = this.#width
    const length = this.#waiting.reduce((total, part) => total + part.length, 0)
    if (!sums || length === 0) return
    const patches = new Float32Array(length)
    let at = 0
    for (const part of this.#waiting) {
      patches.set(part, at)
      at += part.length
    }
    this.#waiting = []
    if (groups > 1) {
      addGroupProducts(sums, patches, this.layer)
      return
    }
    const added = await products.transposedProduct(patches, patches, { inner: length / columns, rows: columns, columns })
    for (let index = 0; index < sums.length; index++) sums[index] = (sums[index] as number) + (added[index] as number)
  }

  finish(): PatchMoments | null {
    if (this.#isBroken || this.#count === 0) return null
    for (const sums of [this.#mean, this.#squares, ...(this.#products ? [this.#products] : [])]) for (let at = 0; at < sums.length; at++) sums[at] = (sums[at] as number) / this.#count
    return { columns: this.layer.columns, count: this.#count, mean: this.#mean, squares: this.#squares, products: this.#products, inputDims: this.#inputDims }
  }
}

/** Groups are many and narrow as a rule: calling for a product of each would cost more than it. */
function addGroupProducts(sums: Float64Array, patches: Float32Array, { columns, groups }: LinearLayer): void {
  const width = columns * groups
  for (let from = 0; from < patches.length; from += width) {
    for (let group = 0; group < groups; group++) {
      const patch = patches.subarray(from + group * columns, from + (group + 1) * columns)
      let to = group * columns * columns
      for (let row = 0; row < columns; row++) {
        const value = patch[row] as number
        for (let column = 0; column < columns; column++, to++) sums[to] = (sums[to] as number) + value * (patch[column] as number)
      }
    }
  }
}

/** At most `positions` patches, [patches, groups · columns]; null where the value is not what the layer reads. */
function patchesOf(value: TensorValue, layer: LinearLayer, positions: number): Float32Array | null {
  if (value.dataType !== DATA_TYPES.float32.code) return null
  const numbers = numbersFromBytes('float32', value.bytes, value.bytes.length / 4) as Float32Array
  return layer.window ? convPatches(numbers, value.dims, { layer, positions }) : rowsOf(numbers, value.dims, { columns: layer.columns, positions })
}

function rowsOf(numbers: Float32Array, dims: readonly number[], { columns, positions }: { columns: number; positions: number }): Float32Array | null {
  if (dims.at(-1) !== columns) return null
  const rows = numbers.length / columns
  if (rows <= positions) return numbers
  const patches = new Float32Array(positions * columns)
  for (let at = 0; at < positions; at++) {
    const row = Math.floor((at * rows) / positions)
    patches.set(numbers.subarray(row * columns, (row + 1) * columns), at * columns)
  }
  return patches
}

function convPatches(numbers: Float32Array, [batch = 0, channels = 0, ...sizes]: readonly number[], { layer: { window, columns: perGroup, groups }, positions }: { layer: LinearLayer; positions: number }): Float32Array | null {
  if (!window || sizes.length !== window.kernel.length) return null
  const columns = perGroup * groups
  // One spatial axis is two, the first of size 1.
  const two = (values: readonly number[], filler: number): [number, number] => [values.length === 2 ? (values[0] ?? filler) : filler, values.at(-1) ?? filler]
  const [height, width] = two(sizes, 1)
  const [kernelHeight, kernelWidth] = two(window.kernel, 1)
  if (channels * kernelHeight * kernelWidth !== columns) return null
  const [strideY, strideX] = two(window.strides, 1)
  const [dilationY, dilationX] = two(window.dilations, 1)
  const [padY, padX] = two(padsFor(window, sizes).map(({ before }) => before), 0)
  const [outHeight, outWidth] = two(outputSizes(window, sizes), 1)
  const total = batch * outHeight * outWidth
  const count = Math.min(total, positions)
  const patches = new Float32Array(count * columns)
  for (let patch = 0, to = 0; patch < count; patch++) {
    const position = Math.floor((patch * total) / count)
    const image = Math.floor(position / (outHeight * outWidth))
    const top = (Math.floor(position / outWidth) % outHeight) * strideY - padY
    const left = (position % outWidth) * strideX - padX
    for (let channel = 0; channel < channels; channel++) {
      const plane = (image * channels + channel) * height
      for (let row = 0; row < kernelHeight; row++) {
        const y = top + row * dilationY
        for (let column = 0; column < kernelWidth; column++, to++) {
          const x = left + column * dilationX
          if (y >= 0 && y < height && x >= 0 && x < width) patches[to] = numbers[(plane + y) * width + x] as number
        }
      }
    }
  }
  return patches
}
