import { expect, it } from 'vitest'
import { oneSample } from './free-dimensions'

const input = (name: string, ...shape: readonly (string | number)[]) => ({ name, dtype: 'float32', shape: [...shape] })

it('one sample is the free dimension that all inputs have first', () => {
  expect(oneSample([input('ids', 'batch', 24), input('mask', 'batch', 24)])).toEqual({ batch: 1 })
})

it('inputs that share none, or leave nothing open, say nothing of samples', () => {
  expect(oneSample([input('ids', 'batch', 'length'), input('past', 'layers', 'batch')])).toEqual({})
  expect(oneSample([input('image', 1, 3, 48, 48)])).toEqual({})
  expect(oneSample([])).toEqual({})
})
