import { expect, it } from 'vitest'
import { testData } from '../testing/run-pass'
import { runSamples } from './run-samples'

const data = testData({ x: [1] }, 20)
const never = new AbortController().signal
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

it('takes results in the order of the samples, however long each takes', async () => {
  const taken: number[] = []
  let number = 0
  const done = await runSamples({
    data,
    limit: 12,
    signal: never,
    async run() {
      const own = number++
      await pause(own % 2 === 0 ? 4 : 0)
      return own
    },
    take: (own) => void taken.push(own),
  })
  expect(done).toBe(12)
  expect(taken).toEqual(Array.from({ length: 12 }, (_, at) => at))
})

it('ends with the samples where there are fewer than asked for', async () => {
  expect(await runSamples({ data, limit: 1000, signal: never, run: () => Promise.resolve(1), take: () => undefined })).toBe(20)
})

it('throws what one sample threw, once no other is under way', async () => {
  let [running, number] = [0, 0]
  const work = runSamples({
    data,
    limit: 20,
    signal: never,
    async run() {
      running++
      const own = number++
      await pause(3)
      running--
      if (own === 2) throw new Error('third')
      return own
    },
    take: () => undefined,
  })
  await expect(work).rejects.toThrow('third')
  expect(running).toBe(0)
  expect(number).toBeLessThan(20)
})

it('stops where it is cancelled', async () => {
  const controller = new AbortController()
  let runs = 0
  const work = runSamples({ data, limit: 20, signal: controller.signal, run: () => Promise.resolve(++runs), take: (_, done) => void (done === 3 && controller.abort()) })
  await expect(work).rejects.toThrow()
  expect(runs).toBeLessThan(20)
})
