import fc from 'fast-check'
import { readFileSync, statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { buildGraph, buildModel, buildNode, tensorValue } from './fixtures/build-model'
import { modelFiles, ownModelsFolder, sharedModelsFolder } from './fixtures/shared-models'
import { AppError } from '#shared/errors'
import { makeGraph, makeInts, makeTensor } from '#shared/onnx/attributes'
import { memorySource } from '#shared/onnx/byte-source'
import type { Model } from '#shared/onnx/records'
import { rawTensor, tensorBytes, tensorNumbers } from '#shared/onnx/tensor-data'
import { decodeModel } from '#shared/onnx/codec/decode'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { findTensorProblems } from '#shared/onnx/codec/tensor-problems'
import { walkTensors } from '#shared/onnx/codec/walk-tensors'

const MAX_SEED_BYTES = 80_000
/** Of processor time, which a loaded machine does not lengthen. Far above what any of them takes; a hang or a blow-up is far above this. */
const MAX_MS = 2000

const made = joinPieces(
  encodeModel(
    buildModel(
      {
        nodes: [
          buildNode({ opType: 'If', inputs: ['c'], outputs: ['y'], attributes: [makeGraph('then_branch', buildGraph({ nodes: [buildNode({ opType: 'Neg', inputs: ['a'], outputs: ['b'] })] }))] }),
          buildNode({ opType: 'Pad', inputs: ['x'], outputs: ['y'], attributes: [makeInts('pads', [0, 1, 2]), makeTensor('value', rawTensor('v', 'int4', [3], new Uint8Array(2)))] }),
        ],
        inputs: [tensorValue('x', 'float32', ['batch', 3, null]), { name: 's', type: { kind: 'sequence', element: { kind: 'map', keyType: 7, value: null } } }],
        initializers: [rawTensor('w', 'float32', [600], new Uint8Array(2400)), rawTensor('b', 'bfloat16', [2], new Uint8Array(4))],
      },
      { metadata: [{ key: 'a', value: 'b' }] },
    ),
  ),
)

const real = [...modelFiles(ownModelsFolder), ...modelFiles(sharedModelsFolder)].filter((path) => statSync(path).size <= MAX_SEED_BYTES)
const seeds = [made, ...real.map((path) => new Uint8Array(readFileSync(path)))]

type Mutation = (bytes: Uint8Array) => Uint8Array

/** Positions are fractions, so that one mutation fits seeds of any size. */
const place = fc.double({ min: 0, max: 0.999999, noNaN: true })
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.nat({ max: 255 })).map(([at, value]): Mutation => (bytes) => bytes.with(Math.floor(at * bytes.length), value)),
  fc.tuple(place, fc.nat({ max: 7 })).map(([at, bit]): Mutation => (bytes) => flip(bytes, Math.floor(at * bytes.length), bit)),
  place.map((at): Mutation => (bytes) => bytes.slice(0, Math.ceil(at * bytes.length))),
  // The largest varints: lengths and counts out of all proportion.
  fc.tuple(place, fc.constantFrom(2, 5, 9, 10, 12)).map(([at, count]): Mutation => (bytes) => overwrite(bytes, Math.floor(at * bytes.length), count)),
  fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 20 })).map(([at, more]): Mutation => (bytes) => insert(bytes, Math.floor(at * bytes.length), more)),
  fc.tuple(place, place, place).map(([from, to, length]): Mutation => (bytes) => copyWithin(bytes, [from, to, length])),
)

function flip(bytes: Uint8Array, at: number, bit: number): Uint8Array {
  return bytes.with(at, (bytes[at] ?? 0) ^ (1 << bit))
}

function overwrite(bytes: Uint8Array, at: number, count: number): Uint8Array {
  const changed = bytes.slice()
  changed.fill(0xff, at, at + count)
  if (at + count < changed.length) changed[at + count] = 1
  return changed
}

function insert(bytes: Uint8Array, at: number, more: Uint8Array): Uint8Array {
  return Uint8Array.from([...bytes.subarray(0, at), ...more, ...bytes.subarray(at)])
}

function copyWithin(bytes: Uint8Array, [from, to, length]: readonly [number, number, number]): Uint8Array {
  const start = Math.floor(from * bytes.length)
  return bytes.slice().copyWithin(Math.floor(to * bytes.length), start, start + Math.ceil(length * 64))
}

/** Does with a model all that opening, reading and saving does. Throws AppErrors only, or the test fails. */
function handle(bytes: Uint8Array): void {
  let model: Model
  try {
    model = decodeModel(memorySource(bytes))
  } catch (error) {
    expectAppError(error)
    return
  }
  findTensorProblems(model)
  for (const { tensor } of walkTensors(model)) {
    for (const read of [tensorBytes, tensorNumbers]) {
      try {
        read(tensor)
      } catch (error) {
        expectAppError(error)
      }
    }
  }
  if (Buffer.compare(joinPieces(encodeModel(model)), bytes) !== 0) expect.fail('an untouched model was written differently')
  joinPieces(encodeModel({ ...model, graph: { ...model.graph } }))
}

function expectAppError(error: unknown): void {
  if (!(error instanceof AppError)) throw error
  expect(['not-a-model', 'truncated', 'invalid-model', 'not-supported', 'not-found', 'path-escapes-folder']).toContain(error.code)
}

describe('hostile bytes give a model or an explained error, in bounded time', () => {
  test.each(seeds.map((bytes, at) => [at === 0 ? 'a model made here' : (real[at - 1]?.split(/[\\/]/).at(-1) ?? ''), bytes] as const))('mutations of %s', (_, seed) => {
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        const bytes = mutations.reduce((at, mutate) => (at.length === 0 ? at : mutate(at)), seed)
        const before = process.cpuUsage()
        handle(bytes)
        const { user, system } = process.cpuUsage(before)
        if ((user + system) / 1000 > MAX_MS) expect.fail(`took ${String((user + system) / 1000)} ms`)
      }),
      { numRuns: seed === made ? 3000 : 150 },
    )
  })

  test('every length of a model, cut off', () => {
    for (let length = 0; length < made.length; length++) handle(made.subarray(0, length))
  })

  test('random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), handle), { numRuns: 3000 })
  })
})
