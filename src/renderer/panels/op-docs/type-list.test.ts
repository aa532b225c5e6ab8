import { describe, expect, it } from 'vitest'
import { typeList } from './type-list'

const tensors = (...names: string[]) => names.map((name) => `tensor(${name})`)

describe('the types that an operator takes', () => {
  it('are named as everywhere else in the window', () => {
    expect(typeList(tensors('double', 'float'))).toEqual(['float32', 'float64'])
    expect(typeList(['map(int64, float)'])).toEqual(['map(int64, float)'])
  })

  it('are ranges where all widths are taken', () => {
    expect(typeList(tensors('bool', 'double', 'float', 'float16', 'int32', 'int64'))).toEqual(['float16–64', 'int32', 'int64', 'bool'])
    expect(typeList(tensors('uint8', 'uint16', 'uint32', 'uint64', 'int8', 'int16', 'int32', 'int64', 'string'))).toEqual(['int8–64', 'uint8–64', 'string'])
  })

  it('name sequences and optional values once', () => {
    expect(typeList(['seq(tensor(float))', 'seq(tensor(int64))', 'optional(seq(tensor(bool)))', 'optional(tensor(bool))'])).toEqual(['seq(tensor)', 'optional(seq)', 'optional(tensor)'])
  })
})
