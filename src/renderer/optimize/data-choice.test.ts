import { describe, expect, it } from 'vitest'
import { commonFolder, dataSource, initialData } from './data-choice'

describe('the choice of data', () => {
  const sample = { id: 's', name: 'S', path: '/s/model.onnx', calibrationPath: '/s/data.npz', description: '', sizeBytes: 1 }

  it('starts with a sample’s own data, else with synthetic inputs', () => {
    expect(initialData([sample], '/s/model.onnx')).toEqual({ kind: 'sample', path: '/s/data.npz' })
    expect(initialData([{ ...sample, calibrationPath: null }], '/s/model.onnx')).toEqual({ kind: 'synthetic' })
    expect(initialData([sample], '/other.onnx')).toEqual({ kind: 'synthetic' })
  })

  it('is no source before a path is chosen', () => {
    expect(dataSource({ kind: 'path', path: null })).toBeNull()
    expect(dataSource({ kind: 'path', path: '/d' })).toEqual({ kind: 'path', path: '/d' })
  })

  it('takes the deepest folder that holds all uploaded files', () => {
    expect(commonFolder(['/i/b/test_data_set_0/input_0.pb', '/i/b/test_data_set_1/input_0.pb'])).toBe('/i/b')
    expect(commonFolder(['/i/b/x.npy', '/i/b/y.npy'])).toBe('/i/b')
    expect(commonFolder(['/i/set/x.npy', '/i/set_2/y.npy'])).toBe('/i')
  })
})
