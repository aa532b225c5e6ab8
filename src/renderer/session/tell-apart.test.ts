import { expect, it } from 'vitest'
import { tellApart } from './tell-apart'

function notes(...paths: string[]): string[] {
  const all = paths.map((path) => ({ title: path.split(/[\\/]/).at(-1) ?? '', path }))
  return all.map((_, at) => tellApart(at, all))
}

it('tells files of one name apart by the nearest folder that differs', () => {
  expect(notes('/home/a/old/model.onnx', '/home/a/new/model.onnx', '/home/b/new/model.onnx', '/home/a/old/other.onnx')).toEqual(['old', 'a/…', 'b/…', ''])
})

it('does so on Windows too', () => {
  expect(notes('C:\\old\\model.onnx', 'C:\\new\\model.onnx')).toEqual(['old', 'new'])
})

it('numbers files that were handed over: their folders have made-up names', () => {
  const folder = '/h/imports/'
  expect(notes(`${folder}db09c56c-6e57-4917-88a5-04e76c7afcb7/model.onnx`, `${folder}4fe2954d-f159-497d-8d11-387319811f05/model.onnx`, '/data/model.onnx')).toEqual(['(1)', '(2)', 'data'])
})

it('numbers variants of one source with one title', () => {
  const variant = { title: 'resnet · Dynamic int8', path: '/data/resnet.onnx' }
  expect([tellApart(0, [variant, variant]), tellApart(1, [variant, variant])]).toEqual(['(1)', '(2)'])
})
