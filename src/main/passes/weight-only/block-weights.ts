/** Weights quantized in blocks: each block of consecutive numbers of a row has a scale, and a zero point unless it is symmetric. */

export interface BlockFormat {
  readonly bits: 2 | 4 | 8
  /** Numbers in a block; the last block of a row may have fewer. */
  readonly blockSize: number
  readonly symmetric: boolean
}

/** A float32 matrix, row-major. Rows are output channels (or entries of a table); blocks lie along columns. */
export interface WeightMatrix {
  readonly values: Float32Array
  readonly rows: number
  readonly columns: number
}

export interface BlockWeights {
  readonly format: BlockFormat
  readonly rows: number
  readonly columns: number
  /** [rows, columns], each 0 … 2^bits − 1. */
  readonly codes: Uint8Array
  /** [rows, blocks] */
  readonly scales: Float32Array
  /** [rows, blocks] in the units of the codes; real numbers where the method gives them. Null where symmetric: the middle code. */
  readonly zeroPoints: Uint8Array | Float32Array | null
}

export function blocksPerRow({ columns }: { readonly columns: number }, { blockSize }: BlockFormat): number {
  return Math.ceil(columns / blockSize)
}

/** The code that stands for zero where blocks have no zero point. */
export function middleCode({ bits }: BlockFormat): number {
  return 2 ** (bits - 1)
}

export function highestCode({ bits }: BlockFormat): number {
  return 2 ** bits - 1
}

/** Scale and zero point of one block. */
export interface BlockParameters {
  readonly scale: number
  readonly zeroPoint: number
}

/** Quantizes one block; `from` and `to` are positions in `values`. Writes codes at the same positions. */
export type BlockQuantizer = (values: Float32Array, codes: Uint8Array, block: { readonly from: number; readonly to: number }) => BlockParameters

/** Runs `quantize` over every block of a matrix. Zero points are kept as whole numbers unless `realZeroPoints`. */
export function quantizeBlocks(matrix: WeightMatrix, format: BlockFormat, quantize: BlockQuantizer, { realZeroPoints = false } = {}): BlockWeights {
  const { values, rows, columns } = matrix
  const blocks = blocksPerRow(matrix, format)
  const codes = new Uint8Array(values.length)
  const scales = new Float32Array(rows * blocks)
  const zeroPoints = realZeroPoints ? new Float32Array(rows * blocks) : format.symmetric ? null : new Uint8Array(rows * blocks)
  for (let row = 0; row < rows; row++) {
    for (let block = 0; block < blocks; block++) {
      const from = row * columns + block * format.blockSize
      const { scale, zeroPoint } = quantize(values, codes, { from, to: Math.min(from + format.blockSize, (row + 1) * columns) })
      scales[row * blocks + block] = scale
      if (zeroPoints) zeroPoints[row * blocks + block] = zeroPoint
    }
  }
  return { format, rows, columns, codes, scales, zeroPoints }
}

/** What the kernels compute with: (code − zero point) · scale, in float32. [rows, columns] */
export function dequantizeBlocks(weights: BlockWeights): Float32Array {
  const { format, rows, columns, codes, scales, zeroPoints } = weights
  const blocks = blocksPerRow(weights, format)
  const middle = middleCode(format)
  const values = new Float32Array(rows * columns)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const block = row * blocks + Math.floor(column / format.blockSize)
      const at = row * columns + column
      values[at] = Math.fround((codes[at] ?? 0) - (zeroPoints ? (zeroPoints[block] ?? 0) : middle)) * (scales[block] ?? 0)
    }
  }
  return values
}

/** [columns, rows] from [rows, columns], or back. */
export function transposeMatrix(values: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(values.length)
  // In tiles, so that both sides stay in the cache.
  const tile = 32
  for (let r = 0; r < rows; r += tile) {
    for (let c = 0; c < columns; c += tile) {
      for (let row = r; row < Math.min(r + tile, rows); row++) {
        for (let column = c; column < Math.min(c + tile, columns); column++) turned[column * rows + row] = values[row * columns + column] as number
      }
    }
  }
  return turned
}

/** Codes packed low bits first; each row of `width` codes begins a byte. */
export function packRows(codes: ArrayLike<number>, { width, bits, filler = 0 }: { readonly width: number; readonly bits: number; readonly filler?: number }): Uint8Array {
  const perByte = 8 / bits
  const rows = width === 0 ? 0 : codes.length / width
  const bytesPerRow = Math.ceil(width / perByte)
  const packed = new Uint8Array(rows * bytesPerRow)
  for (let row = 0; row < rows; row++) {
    for (let byte = 0; byte < bytesPerRow; byte++) {
      let value = 0
      for (let slot = 0; slot < perByte; slot++) {
        const at = byte * perByte + slot
        value |= (at < width ? (codes[row * width + at] ?? 0) : filler) << (slot * bits)
      }
      packed[row * bytesPerRow + byte] = value
    }
  }
  return packed
}
