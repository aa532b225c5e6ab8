import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runner } from '../passes/testing/run-pass'
import { eigenSymmetric } from './eigen-symmetric'
import { type MatrixProducts, openMatrixProducts } from './linear-algebra'
import { choleskyFactor, inverseFactor, solveLeastSquares, solvePositiveDefinite } from './solve-positive-definite'

let products: MatrixProducts
beforeAll(async () => void (products = await openMatrixProducts(runner)))
afterAll(() => products.close())

function numbers(count: number, seed: number): Float64Array {
  return Float64Array.from({ length: count }, (_, at) => Math.sin((at + 1) * 12.9898 * seed) * 10 ** Math.sin(at * seed))
}

/** XᵀX + size·I of made-up numbers. */
async function positive(size: number): Promise<Float64Array> {
  const x = numbers(size * size, 0.7)
  const matrix = (await products.transposedProduct64(x, x, { inner: size, rows: size, columns: size })).slice()
  for (let at = 0; at < size; at++) matrix[at * size + at] = (matrix[at * size + at] ?? 0) + size
  return matrix
}

function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (value, at) => Math.abs(value - (b[at] ?? NaN))))
}

describe('a symmetric positive definite matrix', () => {
  it.each([1, 5, 64, 65, 200])('of size %i is the product of its factor with itself', async (size) => {
    const matrix = await positive(size)
    const lower = await choleskyFactor(products, matrix, size)
    if (!lower) throw new Error('not positive definite')
    const upper = Float64Array.from({ length: size * size }, (_, at) => lower[(at % size) * size + Math.floor(at / size)] ?? 0)
    const again = await products.transposedProduct64(upper, upper, { inner: size, rows: size, columns: size })
    expect(farthest(again, matrix) / Math.max(...matrix)).toBeLessThan(1e-13)
    expect(lower[size - 1]).toBe(size === 1 ? Math.sqrt(matrix[0] ?? 0) : 0)
  })

  it.each([
    [1, 1],
    [64, 3],
    [150, 70],
  ])('of size %i is solved for %i right sides', async (size, columns) => {
    const matrix = await positive(size)
    const expected = numbers(size * columns, 0.3)
    const right = await products.transposedProduct64(matrix, expected, { inner: size, rows: size, columns })
    const solution = await solvePositiveDefinite(products, matrix, { size, right, columns })
    expect(farthest(solution ?? [], expected)).toBeLessThan(1e-8)
  })

  it('is told apart from one that is not', async () => {
    expect(await choleskyFactor(products, Float64Array.of(1, 2, 2, 1), 2)).toBeNull()
    expect(await solvePositiveDefinite(products, Float64Array.of(NaN), { size: 1, right: Float64Array.of(1), columns: 1 })).toBeNull()
  })
})

describe('the inverse factor', () => {
  it.each([1, 2, 7, 70])('R of a matrix A of size %i is upper triangular, and RᵀR·A is one', async (size) => {
    const a = await positive(size)
    const r = await inverseFactor(products, a, size)
    if (!r) throw new Error('not positive definite')
    for (let row = 0; row < size; row++) for (let column = 0; column < row; column++) expect(r[row * size + column]).toBe(0)
    const inverse = await products.transposedProduct64(r, r, { inner: size, rows: size, columns: size })
    const one = await products.transposedProduct64(inverse, a, { inner: size, rows: size, columns: size })
    expect(farthest(one, Float64Array.from({ length: size * size }, (_, at) => (at % (size + 1) === 0 ? 1 : 0)))).toBeLessThan(1e-9)
  })

  it('is not there for a matrix that is not positive definite', async () => {
    expect(await inverseFactor(products, Float64Array.of(1, 2, 2, 1), 2)).toBeNull()
    expect(await inverseFactor(products, new Float64Array(9), 3)).toBeNull()
  })
})

describe('least squares', () => {
  it('finds the weights that made the outputs', async () => {
    const [rows, size, columns] = [300, 20, 7]
    const x = numbers(rows * size, 0.9)
    const weights = numbers(size * columns, 0.4)
    const y = Float64Array.from({ length: rows * columns }, (_, at) => {
      let sum = 0
      for (let inner = 0; inner < size; inner++) sum += (x[Math.floor(at / columns) * size + inner] ?? 0) * (weights[inner * columns + (at % columns)] ?? 0)
      return sum
    })
    const gram = await products.transposedProduct64(x, x, { inner: rows, rows: size, columns: size })
    const cross = await products.transposedProduct64(x, y, { inner: rows, rows: size, columns })
    expect(farthest(await solveLeastSquares(products, { gram, size, cross, columns }, 0), weights)).toBeLessThan(1e-6)
  })

  it('has an answer where inputs are the same, and refuses inputs that are zero', async () => {
    const [first = NaN, second = NaN] = await solveLeastSquares(products, { gram: Float64Array.of(4, 4, 4, 4), size: 2, cross: Float64Array.of(4, 4), columns: 1 }, 1e-6)
    expect(first + second).toBeCloseTo(1, 4)
    await expect(solveLeastSquares(products, { gram: new Float64Array(4), size: 2, cross: new Float64Array(2), columns: 1 }, 0.01)).rejects.toThrow(/zero or not finite/)
  })
})

describe('the largest eigenpairs', () => {
  it.each([
    ['small, decomposed whole', 30, 6],
    ['large, by iterating', 420, 12],
  ])('of a matrix that is %s, turn it into itself times the value', async (_, size, count) => {
    // Falling eigenvalues in known directions: Householder's reflection of a diagonal.
    const v = numbers(size, 0.2)
    const square = v.reduce((sum, value) => sum + value * value, 0)
    const reflect = (row: number, column: number) => (row === column ? 1 : 0) - (2 * (v[row] ?? 0) * (v[column] ?? 0)) / square
    const root = Float64Array.from({ length: size * size }, (_, at) => 0.8 ** (Math.floor(at / size) / 2) * reflect(Math.floor(at / size), at % size))
    const matrix = await products.transposedProduct64(root, root, { inner: size, rows: size, columns: size })
    const { values, vectors } = await eigenSymmetric(products, matrix, { size, count })
    expect(farthest(values, Array.from({ length: count }, (_, at) => 0.8 ** at))).toBeLessThan(1e-6)
    for (let row = 0; row < count; row++) {
      const vector = vectors.subarray(row * size, (row + 1) * size)
      const image = await products.transposedProduct64(matrix, vector, { inner: size, rows: size, columns: 1 })
      expect(farthest(image, vector.map((value) => value * (values[row] ?? NaN)))).toBeLessThan(1e-4)
    }
  })

  it('of a matrix of low rank are followed by zeros', async () => {
    const { values, vectors } = await eigenSymmetric(products, new Float64Array(400 * 400).fill(1), { size: 400, count: 3 })
    expect(values[0]).toBeCloseTo(400, 6)
    expect(values[1]).toBeLessThan(1e-6)
    expect(vectors.every(Number.isFinite)).toBe(true)
  })
})
