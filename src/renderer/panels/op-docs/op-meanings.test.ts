import { expect, it } from 'vitest'
import { knownOps } from '#shared/onnx/schema/op-schema'
import { opMeanings } from './op-meanings'

const known = new Set(knownOps().map(({ domain, opType }) => (domain === '' ? opType : `${domain}.${opType}`)))

it('says of operators that exist what they do, in both languages', () => {
  expect(Object.keys(opMeanings).filter((name) => !known.has(name))).toEqual([])
  expect(Object.values(opMeanings).filter(([english, chinese]) => !english.endsWith('.') || !chinese.endsWith('。'))).toEqual([])
})
