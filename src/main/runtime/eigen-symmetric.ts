import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import type { MatrixProducts } from './linear-algebra'

/** Up to this size the whole decomposition by ml-matrix takes about a second. */
const WHOLE = 384
/** Directions iterated beside those wanted, so that the last of these settle too. */
const SPARE = 16
const ITERATIONS = 12
/** Relative change of the captured sum at which iterating ends. */
const SETTLED = 1e-6
/** What is left of a row, relative to its length, where it lies in the span of others but for rounding. */
const DEPENDENT = 1e-12

export interface Eigenpairs {
  /** The largest first. */
  readonly values: Float64Array
  /** Eigenvectors as rows, [values.length, size], orthonormal. */
  readonly vectors: Float64Array
}

/**
 * The `count` largest eigenvalues of a symmetric positive semidefinite A [size, size], row-major, with their vectors. Small ones are
 * decomposed whole; of large ones the dominant subspace is iterated (Halko, Martinsson and Tropp 2011) with products in onnxruntime,
 * from a fixed start, so that the same matrix gives the same vectors.
 */
export async function eigenSymmetric(products: MatrixProducts, matrix: Float64Array, { size, count }: { size: number; count: number }): Promise<Eigenpairs> {
  const wanted = Math.min(count, size)
  const width = Math.min(size, wanted + SPARE)
  if (size <= WHOLE || width > size * 0.75) return decompose(matrix, size, wanted)
  let basis = orthonormalize(startingRows(width, size), size)
  for (let iteration = 0, captured = 0; iteration < ITERATIONS; iteration++) {
    // A is symmetric: its product with the basis' transpose is the transpose of this.
    const turned = await products.transposedProduct64(transpose(basis, width, size), matrix, { inner: size, rows: width, columns: size })
    const sum = norm(turned)
    basis = orthonormalize(turned, size)
    if (Math.abs(sum - captured) <= SETTLED * sum) break
    captured = sum
  }
  // Rayleigh-Ritz: the eigenpairs of A within the subspace.
  const columns = transpose(basis, width, size)
  const image = await products.transposedProduct64(matrix, columns, { inner: size, rows: size, columns: width })
  const inside = decompose(await products.transposedProduct64(columns, image, { inner: size, rows: width, columns: width }), width, wanted)
  const vectors = await products.transposedProduct64(transpose(inside.vectors, wanted, width), basis, { inner: width, rows: wanted, columns: size })
  return { values: inside.values, vectors }
}

function decompose(matrix: Float64Array, size: number, count: number): Eigenpairs {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(Matrix.from1DArray(size, size, matrix), { assumeSymmetric: true })
  const order = realEigenvalues.map((_, at) => at).sort((a, b) => (realEigenvalues[b] as number) - (realEigenvalues[a] as number))
  const vectors = new Float64Array(count * size)
  const values = Float64Array.from({ length: count }, (_, row) => {
    const from = order[row] as number
    for (let column = 0; column < size; column++) vectors[row * size + column] = eigenvectorMatrix.get(column, from)
    // Rounding puts those that are zero on either side of it.
    return Math.max(0, realEigenvalues[from] as number)
  })
  return { values, vectors }
}

/** Makes rows orthonormal in place, by Gram-Schmidt done twice; a row that depends on those before it becomes another direction. */
function orthonormalize(rows: Float64Array, size: number): Float64Array {
  for (let from = 0, tries = 0; from < rows.length; ) {
    const row = rows.subarray(from, from + size)
    const before = norm(row)
    for (let round = 0; round < 2; round++) {
      for (let known = 0; known < from; known += size) {
        const other = rows.subarray(known, known + size)
        let dot = 0
        for (let at = 0; at < size; at++) dot += (row[at] as number) * (other[at] as number)
        for (let at = 0; at < size; at++) row[at] = (row[at] as number) - dot * (other[at] as number)
      }
    }
    const after = norm(row)
    if (after > DEPENDENT * before) {
      for (let at = 0; at < size; at++) row[at] = (row[at] as number) / after
      from += size
    } else row.set(startingRows(1, size, from + ++tries))
  }
  return rows
}

function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((total, value) => total + value * value, 0))
}

/** Numbers in -1 … 1 from a fixed seed (Marsaglia's xorshift). */
function startingRows(rows: number, size: number, seed = 0): Float64Array {
  let state = (0x9e3779b9 ^ (seed * 0x85ebca6b)) | 0 || 1
  return Float64Array.from({ length: rows * size }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state / 2 ** 31
  })
}

function transpose(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const turned = new Float64Array(matrix.length)
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) turned[column * rows + row] = matrix[row * columns + column] as number
  return turned
}
