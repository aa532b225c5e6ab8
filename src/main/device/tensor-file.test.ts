import { expect, it } from 'vitest'
import type { TensorValue } from '../runtime/model-runner'
import { decodeSets, decodeTensors, encodeSets, encodeTensors } from './tensor-file'

const float = (dims: number[], values: number[]): TensorValue => ({ dataType: 1, dims, bytes: new Uint8Array(Float32Array.from(values).buffer) })
const tensors = new Map([
  ['scores', float([1, 2], [0.25, 0.75])],
  ['größe', float([], [3])],
  ['packed', { dataType: 22, dims: [3], bytes: Uint8Array.of(0x21, 0x03) }],
])

it('tensors come back as they were written, scalars and packed ones too', () => {
  expect(decodeTensors(encodeTensors(tensors))).toEqual(tensors)
  expect(decodeSets(encodeSets([tensors, tensors]), 2)).toEqual([tensors, tensors])
})

it('a file cut anywhere, or that says what cannot be, is refused in plain words', () => {
  const file = encodeTensors(new Map([['a', float([2], [1, 2])]]))
  for (let length = 0; length < file.length; length++) expect(() => decodeTensors(file.subarray(0, length)), String(length)).toThrow(expect.objectContaining({ code: 'truncated' }) as Error)
  // Magic, count, name length, name: then element type, rank, dimension, length.
  const [typeAt, rankAt, dimAt, lengthAt] = [13, 17, 21, 29]
  const lies: [number, number][] = [[0, 0], [typeAt, 99], [rankAt, 0xffffffff], [dimAt, 3], [dimAt + 7, 0x80], [lengthAt, 9], [lengthAt + 7, 0x7f]]
  for (const [at, value] of lies) {
    const changed = Buffer.from(file)
    if (value > 0xff) changed.writeUInt32LE(value, at)
    else changed[at] = value
    expect(() => decodeTensors(changed), `${String(at)}: ${String(value)}`).toThrow(expect.objectContaining({ code: 'truncated' }) as Error)
  }
})

it('strings do not go to a phone', () => {
  expect(() => encodeTensors(new Map([['text', { dataType: 8, dims: [1], bytes: new Uint8Array(), strings: ['a'] }]]))).toThrow(expect.objectContaining({ code: 'not-supported' }) as Error)
})
