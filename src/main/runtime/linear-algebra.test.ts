import { describe, expect, it } from 'vitest'
import { runner } from '../passes/testing/run-pass'
import { inverseFactor, openMatrixProducts } from './linear-algebra'

/** XᵀX + I of made-up numbers. */
function positive(size: number): Float64Array {
  const x = Float64Array.from({ length: size * size }, (_, at) => Math.sin(at * 12.9898))
  return Float64Array.from({ length: size * size }, (_, at) => {
    const [row, column] = [Math.floor(at / size), at % size]
    let sum = row === column ? 1 : 0
    for (let inner = 0; inner < size; inner++) sum += (x[inner * size + row] ?? 0) * (x[inner * size + column] ?? 0)
    return sum
  })
}

describe('the inverse factor', () => {
  it.each([1, 2, 7, 40])('R of a matrix A of size %i is upper triangular, and RᵀR·A is one', (size) => {
    const a = positive(size)
    const r = inverseFactor(a, size)
    if (!r) throw new Error('not positive definite')
    for (let row = 0; row < size; row++) for (let column = 0; column < row; column++) expect(r[row * size + column]).toBe(0)
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        let sum = 0
        for (let k = 0; k < size; k++) for (let j = 0; j < size; j++) sum += (r[k * size + row] ?? 0) * (r[k * size + j] ?? 0) * (a[j * size + column] ?? 0)
        expect(sum).toBeCloseTo(row === column ? 1 : 0, 8)
      }
    }
  })

  it('is not there for a matrix that is not positive definite', () => {
    expect(inverseFactor(Float64Array.of(1, 2, 2, 1), 2)).toBeNull()
    expect(inverseFactor(new Float64Array(9), 3)).toBeNull()
  })
})

it('products of any sizes run in one session', async () => {
  const products = await openMatrixProducts(runner)
  try {
    expect([...(await products.transposedProduct(Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6), { inner: 2, rows: 2, columns: 1 }))]).toEqual([23, 34])
    expect([...(await products.transposedProduct(Float32Array.of(1, 2, 3), Float32Array.of(1, 2, 3), { inner: 1, rows: 3, columns: 3 }))]).toEqual([1, 2, 3, 2, 4, 6, 3, 6, 9])
  } finally {
    await products.close()
  }
})
