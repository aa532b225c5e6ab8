import { eigenSymmetric } from '../../src/main/runtime/eigen-symmetric'
import { openMatrixProducts } from '../../src/main/runtime/linear-algebra'
import { createOrtRunner } from '../../src/main/runtime/ort-runner'
import { solveLeastSquares } from '../../src/main/runtime/solve-positive-definite'
import type { Bench } from './bench'

const SIZE = 2048
const SAMPLES = 4096
const EIGENPAIRS = 256
const SOLVE_BAR_S = 5

export const linearAlgebra: Bench = {
  name: 'linear-algebra',
  title: 'least squares and eigenpairs of real layer sizes: 2048 inputs, 2048 outputs',
  async *run(context) {
    const products = await openMatrixProducts(createOrtRunner({ scratchFolder: context.scratch }))
    try {
      const x = madeUp(SAMPLES * SIZE, 7)
      const gram = (await products.transposedProduct64(x, x, { inner: SAMPLES, rows: SIZE, columns: SIZE })).slice()
      const weights = madeUp(SIZE * SIZE, 3)
      const cross = (await products.transposedProduct64(gram, weights, { inner: SIZE, rows: SIZE, columns: SIZE })).slice()
      const started = performance.now()
      const solution = await solveLeastSquares(products, { gram, size: SIZE, cross, columns: SIZE }, 0)
      const seconds = (performance.now() - started) / 1000
      const farthest = solution.reduce((most, value, at) => Math.max(most, Math.abs(value - (weights[at] ?? NaN))), 0)
      yield { name: `least squares, ${SIZE} × ${SIZE}, ${SIZE} right sides`, unit: 's', value: seconds, runs: 1, atMost: SOLVE_BAR_S, note: `farthest from the weights that made the outputs: ${farthest.toExponential(1)}` }
      const begun = performance.now()
      await eigenSymmetric(products, gram, { size: SIZE, count: EIGENPAIRS })
      yield { name: `${EIGENPAIRS} largest eigenpairs, ${SIZE} × ${SIZE}`, unit: 's', value: (performance.now() - begun) / 1000, runs: 1 }
    } finally {
      await products.close()
    }
  },
}

/** Numbers in -1 … 1 (Marsaglia's xorshift). */
function madeUp(count: number, seed: number): Float64Array {
  let state = seed
  return Float64Array.from({ length: count }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state / 2 ** 31
  })
}
