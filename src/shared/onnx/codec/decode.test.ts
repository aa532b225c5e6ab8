import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../errors'
import { type ByteSource, memorySource } from '../byte-source'
import type { Model } from '../records'
import { tensorNumbers } from '../tensor-data'
import { decodeModel } from './decode'

type Fill = (writer: BinaryWriter) => BinaryWriter

function message(field: number, fill: Fill): Fill {
  return (writer) => fill(writer.tag(field, WireType.LengthDelimited).fork()).join()
}

function text(field: number, value: string): Fill {
  return (writer) => writer.tag(field, WireType.LengthDelimited).string(value)
}

function varint(field: number, value: number | bigint): Fill {
  return (writer) => writer.tag(field, WireType.Varint).int64(value)
}

function all(...fills: readonly Fill[]): Fill {
  return (writer) => fills.reduce((at, fill) => fill(at), writer)
}

function bytesOf(fill: Fill): Uint8Array {
  return fill(new BinaryWriter()).finish()
}

function decode(...fills: readonly Fill[]): Model {
  return decodeModel(memorySource(bytesOf(all(...fills))))
}

function failure(run: () => unknown): AppError {
  try {
    run()
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new Error('expected a failure')
}

const ir = varint(1, 8)

describe('a model', () => {
  test('of IR version 1, without opset imports and attribute types, is read by the values present', () => {
    const attribute = (name: string, value: Fill) => message(5, all(text(1, name), value))
    const node = message(1, all(text(1, 'x'), text(2, 'y'), text(4, 'Conv'), attribute('group', varint(3, 2)), attribute('pads', all(varint(8, 1), varint(8, -1)))))
    const model = decode(varint(1, 1), message(7, node))
    expect(model.irVersion).toBe(1)
    expect(model.opsetImports).toEqual([])
    expect(model.graph.nodes[0]?.attributes).toEqual([
      { name: 'group', type: 'int', value: 2n },
      { name: 'pads', type: 'ints', value: [1n, -1n] },
    ])
  })

  test('keeps unknown fields of every message raw and in order', () => {
    const extra = varint(99, 7)
    const node = message(1, all(text(4, 'Relu'), extra, message(10, text(1, 'device'))))
    const value = message(11, all(text(1, 'x'), extra))
    const model = decode(ir, extra, message(7, all(node, value, extra)))
    const raw = bytesOf(extra)
    expect(model.unknown).toEqual([raw])
    expect(model.graph.unknown).toEqual([raw])
    expect(model.graph.inputs[0]?.unknown).toEqual([raw])
    expect(model.graph.nodes[0]?.unknown).toEqual([raw, bytesOf(message(10, text(1, 'device')))])
  })

  test('keeps groups, the old form of nesting, among the unknown fields', () => {
    const group: Fill = (writer) => varint(3, 5)(writer.tag(77, WireType.StartGroup)).tag(77, WireType.EndGroup)
    expect(decode(ir, group, message(7, text(2, 'g'))).unknown).toEqual([bytesOf(group)])
  })

  test('refuses a group that its message does not close, wherever the file goes on', () => {
    const open: Fill = (writer) => varint(3, 5)(writer.tag(77, WireType.StartGroup))
    const error = failure(() => decode(ir, message(7, all(text(2, 'g'), message(11, open))), varint(5, 1)))
    expect(error).toMatchObject({ code: 'invalid-model' })
    expect(error.message).toContain('a group without an end')
  })

  test('numbers nodes and graphs in file order, subgraphs within their node', () => {
    const body = message(6, all(text(2, 'body'), message(1, text(4, 'Neg'))))
    const branch = message(1, all(text(4, 'If'), message(5, all(text(1, 'then_branch'), body, varint(20, 5)))))
    const model = decode(ir, message(7, all(message(1, text(4, 'Abs')), branch, message(1, text(4, 'Exp')))))
    const [abs, then, exp] = model.graph.nodes
    expect([abs?.id, then?.id, exp?.id]).toEqual([1, 2, 4])
    const inner = then?.attributes[0]
    expect(inner?.type === 'graph' && [inner.value.id, inner.value.nodes[0]?.id]).toEqual([2, 3])
  })

  test('reads int64 attributes exactly', () => {
    const huge = 2n ** 63n - 1n
    const model = decode(ir, message(7, message(1, message(5, all(text(1, 'a'), varint(3, huge), varint(20, 2))))))
    expect(model.graph.nodes[0]?.attributes[0]?.value).toBe(huge)
  })

  test('keeps values that do not belong to the type of their attribute', () => {
    const model = decode(ir, message(7, message(1, message(5, all(text(1, 'a'), varint(3, 4), text(4, 's'), varint(20, 3))))))
    const attribute = model.graph.nodes[0]?.attributes[0]
    expect(attribute?.value).toEqual(new TextEncoder().encode('s'))
    expect(attribute?.unknown).toEqual([bytesOf(varint(3, 4))])
  })

  test('takes sizes that no tensor has, which some exporters write for unknown ones, as unknown', () => {
    const dims = message(2, all(message(1, varint(1, -1)), message(1, text(2, 'batch')), message(1, varint(1, 3)), message(1, all())))
    const model = decode(ir, message(7, message(11, all(text(1, 'x'), message(2, message(1, all(varint(1, 1), dims)))))))
    expect(model.graph.inputs[0]?.type).toEqual({ kind: 'tensor', dataType: 1, shape: [null, 'batch', 3, null] })
  })

  test('reads types that are no tensors', () => {
    const tensor = message(1, varint(1, 7))
    const type = message(2, message(4, message(1, message(5, all(varint(1, 8), message(2, tensor))))))
    const model = decode(ir, message(7, all(message(11, all(text(1, 'x'), type)), message(12, all(text(1, 'y'), message(2, message(9, message(1, tensor))))))))
    expect(model.graph.inputs[0]?.type).toEqual({
      kind: 'sequence',
      element: { kind: 'map', keyType: 8, value: { kind: 'tensor', dataType: 7 } },
    })
    expect(model.graph.outputs[0]?.type).toEqual({ kind: 'optional', element: { kind: 'tensor', dataType: 7 } })
  })

  test('merges packed and single occurrences of a tensor field, as protobuf does', () => {
    const packed = message(7, (writer) => writer.int64(1).int64(-2))
    const tensor = message(5, all(varint(1, 4), varint(2, 7), packed, varint(7, 3), varint(7, 4n)))
    const [weights] = decode(ir, message(7, tensor)).graph.initializers
    expect(weights && [...tensorNumbers(weights)]).toEqual([1n, -2n, 3n, 4n])
  })
})

describe('reading', () => {
  test('leaves the data of large tensors in the file', () => {
    const data = new Uint8Array(3_000_000)
    const tensors = Array.from({ length: 4 }, (_, at) => message(5, all(varint(1, data.length), varint(2, 2), text(8, `w${at}`), (writer) => writer.tag(9, WireType.LengthDelimited).bytes(data))))
    const bytes = bytesOf(all(ir, message(7, all(...tensors))))
    let read = 0
    const counting: ByteSource = {
      ...memorySource(bytes),
      read(offset, length) {
        read += length
        return bytes.subarray(offset, offset + length)
      },
    }
    const model = decodeModel(counting)
    expect(model.graph.initializers.map(({ data: { kind } }) => kind)).toEqual(['raw', 'raw', 'raw', 'raw'])
    expect(read).toBeLessThan(bytes.length / 20)
  })
})

describe('what is no model', () => {
  const cases: readonly [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(0), /empty/],
    ['a Git LFS pointer', ascii('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n'), /LFS/],
    ['a web page', ascii('<!DOCTYPE html><html><body>404</body></html>'), /web page/],
    ['a zip archive', ascii('PK\x03\x04\x14\x00'), /zip/],
    ['a pickle', new Uint8Array([0x80, 2, 0x8a, 10, 0x6c]), /pickle/],
    ['safetensors', new Uint8Array([16, 0, 0, 0, 0, 0, 0, 0, ...ascii('{"a":{}}        ')]), /safetensors/],
    ['TensorFlow Lite', new Uint8Array([0x1c, 0, 0, 0, ...ascii('TFL3'), 0, 0]), /TensorFlow Lite/],
    ['an .ort model', new Uint8Array([0x18, 0, 0, 0, ...ascii('ORTM'), 0, 0]), /\.ort/],
    ['HDF5', new Uint8Array([0x89, ...ascii('HDF\r\n\x1a\n'), 0]), /HDF5/],
    ['JSON', ascii('{"format": 1}'), /JSON/],
    ['plain text', ascii('BatchNorm, Conv: notes on the model'), /text file/],
    ['text that begins like a model', ascii(':'), /text file/],
    ['zeros', new Uint8Array(300), /zeros/],
    ['a saved tensor', bytesOf(all(varint(1, 1), varint(2, 1), (writer) => writer.tag(9, WireType.LengthDelimited).bytes(new Uint8Array([0, 0, 128, 63])))), /saved ONNX tensor/],
    ['another binary format', new Uint8Array([0xca, 0xfe, 0xba, 0xbe, 1, 2, 3, 4, 0xff, 0xff]), /another format/],
  ]
  test.each(cases)('%s is named', (_, bytes, expected) => {
    const error = failure(() => decodeModel(memorySource(bytes)))
    expect(error.code).toBe('not-a-model')
    expect(error.message).toMatch(expected)
    expect(error.hint).toBeTruthy()
  })

  test('a producer name that reads like the mark of another format does no harm', () => {
    const bytes = bytesOf(all(ir, text(2, 'ORTM'), message(7, text(2, 'g'))))
    expect(String.fromCharCode(...bytes.subarray(4, 8))).toBe('ORTM')
    expect(decodeModel(memorySource(bytes)).producerName).toBe('ORTM')
  })
})

describe('a damaged model', () => {
  const whole = bytesOf(all(ir, text(2, 'maker'), message(7, all(text(2, 'graph'), message(1, text(4, 'Relu'))))))

  test('that is cut anywhere within a field is truncated, with the number of missing bytes where the field says it', () => {
    const graphAt = bytesOf(all(ir, text(2, 'maker'))).length
    for (let length = graphAt + 2; length < whole.length; length++) {
      const error = failure(() => decodeModel(memorySource(whole.subarray(0, length))))
      expect(error.code).toBe('truncated')
      expect(error.details).toEqual({ sizeBytes: length, missingBytes: whole.length - length })
    }
  })

  test('without a graph is refused', () => {
    expect(failure(() => decode(ir, text(2, 'maker'))).message).toMatch(/no graph/)
  })

  test('with a field of the wrong wire type is refused, with its place', () => {
    const error = failure(() => decode(ir, message(7, varint(1, 5))))
    expect(error.code).toBe('invalid-model')
    expect(error.message).toMatch(/byte 4 \(GraphProto, field 1\)/)
  })

  test('with a field that runs over its message is refused', () => {
    const error = failure(() => decodeModel(memorySource(new Uint8Array([8, 8, 0x3a, 3, 0x12, 50, 65, 0x42, 0]))))
    expect(error.code === 'truncated' || error.code === 'invalid-model').toBe(true)
  })

  test('with a dimension beyond exact numbers is refused', () => {
    expect(failure(() => decode(ir, message(7, message(5, varint(1, 2n ** 60n))))).message).toMatch(/dimension/)
  })

  test('nested beyond all measure is refused before the stack ends', () => {
    let type: Fill = message(1, varint(1, 1))
    for (let depth = 0; depth < 5000; depth++) {
      const inner = bytesOf(type)
      type = (writer) => writer.tag(4, WireType.LengthDelimited).bytes(bytesOf((nested) => nested.tag(1, WireType.LengthDelimited).bytes(inner)))
      if (inner.length > 40_000) break
    }
    expect(failure(() => decode(ir, message(7, message(11, message(2, type))))).message).toMatch(/nests more than/)
  })

  test('that claims a tensor larger than memory costs nothing', () => {
    const model = decode(ir, message(7, message(5, all(varint(1, 2 ** 40), varint(2, 1), text(8, 'w')))))
    expect(model.graph.initializers[0]?.dims).toEqual([2 ** 40])
    const [weights] = model.graph.initializers
    expect(weights && failure(() => tensorNumbers(weights)).code).toBe('invalid-model')
  })
})

function ascii(value: string): Uint8Array {
  return Uint8Array.from(value, (character) => character.charCodeAt(0))
}
