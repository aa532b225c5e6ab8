import { afterAll, beforeAll, expect, it } from 'vitest'
import { type MatrixProducts, openMatrixProducts } from '../../runtime/linear-algebra'
import { runner } from '../testing/run-pass'
import { distillWeights } from './distill'
import { fitWeights, NormalEquations } from './normal-equations'

const [INPUTS, OUTPUTS, HIDDEN] = [6, 4, 10]
let products: MatrixProducts
beforeAll(async () => void (products = await openMatrixProducts(runner)))
afterAll(() => products.close())

/** Numbers in −1 … 1 that look random. */
function numbers(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 31 - 1
}

/** Targets hang on ten numbers, of which the layer sees six: they cannot be met. */
async function equations(rows: number, seed: number): Promise<NormalEquations> {
  const [next, mix] = [numbers(seed), numbers(7)]
  const weights = Array.from({ length: HIDDEN * OUTPUTS }, mix)
  const result = new NormalEquations(INPUTS + 1, OUTPUTS, products, { keepRows: true })
  for (let row = 0; row < rows; row++) {
    const hidden = Array.from({ length: HIDDEN }, next)
    result.add({
      inputs: ({ into, at }) => into.set([...hidden.slice(0, INPUTS), 1], at),
      targets: ({ into, at }) => into.set(Array.from({ length: OUTPUTS }, (_, column) => hidden.reduce((sum, value, from) => sum + value * (weights[from * OUTPUTS + column] as number), -0.5)), at),
    })
  }
  await result.flush()
  return result
}

const start = new Float64Array((INPUTS + 1) * OUTPUTS)

it('comes closer to what Relu gives than fitting what goes into it, on rows that were held back', async () => {
  const [fitted, held] = [await equations(1500, 1), await equations(500, 2)]
  const fit = await fitWeights(fitted, held, start)
  if (!fit) throw new Error('nothing was fitted')
  const distilled = await distillWeights(fitted, held, { fit, start, bounds: { low: 0, high: Infinity } })
  expect(distilled?.after).toBeLessThan(0.97 * (distilled?.before ?? 0))
})

it('changes nothing where nothing is cut off', async () => {
  const [fitted, held] = [await equations(300, 1), await equations(100, 2)]
  const weights = (await fitWeights(fitted, fitted, start))?.weights
  if (!weights) throw new Error('nothing was fitted')
  // Rounds solve the same equations again.
  const distilled = await distillWeights(fitted, held, { fit: { weights, ridge: 1e-4 }, start, bounds: { low: -100, high: 100 } })
  expect((distilled?.before ?? 1) - (distilled?.after ?? 1)).toBeLessThan(1e-3 * (distilled?.before ?? 1))
})
