import { expect, it } from 'vitest'
import { runner } from '../passes/testing/run-pass'
import { openMatrixProducts } from './linear-algebra'

it('products of any sizes run in one session', async () => {
  const products = await openMatrixProducts(runner)
  try {
    expect([...(await products.transposedProduct(Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6), { inner: 2, rows: 2, columns: 1 }))]).toEqual([23, 34])
    expect([...(await products.transposedProduct(Float32Array.of(1, 2, 3), Float32Array.of(1, 2, 3), { inner: 1, rows: 3, columns: 3 }))]).toEqual([1, 2, 3, 2, 4, 6, 3, 6, 9])
  } finally {
    await products.close()
  }
})
