import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { AppError } from '#shared/errors'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import type { Model, Tensor } from '#shared/onnx/records'
import { rawTensor, tensorBytes } from '#shared/onnx/tensor-data'
import { buildModel, buildNode } from '../../../tests/fixtures/build-model'
import { hashModelFile, type ModelFile, openModelFile } from './model-file'

const root = mkdtempSync(join(tmpdir(), 'edgefit-model-file-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let folders = 0
function newFolder(): string {
  const folder = join(root, `case-${++folders}`)
  mkdirSync(folder)
  return folder
}

function write(path: string, model: Model): string {
  writeFileSync(path, joinPieces(encodeModel(model)))
  return path
}

function externalTensor(name: string, count: number, entries: Record<string, string>): Tensor {
  return { name, dataType: 2, dims: [count], data: { kind: 'external', entries: Object.entries(entries).map(([key, value]) => ({ key, value })), resolved: null } }
}

function withTensors(...initializers: Tensor[]): Model {
  return buildModel({ nodes: [buildNode({ opType: 'Relu', inputs: ['x'], outputs: ['y'] })], initializers })
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

function opened<T>(path: string, use: (file: ModelFile) => T): T {
  const file = openModelFile(path)
  try {
    return use(file)
  } finally {
    file.close()
  }
}

describe('opening', () => {
  test('finds external data by offset and length, and counts it', () => {
    const folder = newFolder()
    mkdirSync(join(folder, 'weights'))
    writeFileSync(join(folder, 'weights', 'all.bin'), Uint8Array.of(1, 2, 3, 4, 5, 6))
    const path = write(
      join(folder, 'm.onnx'),
      withTensors(externalTensor('a', 2, { location: 'weights/all.bin', offset: '1', length: '2' }), externalTensor('b', 3, { location: 'weights/all.bin', offset: '3' })),
    )
    opened(path, (file) => {
      expect(file.diagnostics).toEqual([])
      expect(file.externalFiles).toEqual([join(folder, 'weights', 'all.bin')])
      expect(file.sizeBytes).toBe(readFileSync(path).length + 6)
      expect(file.model.graph.initializers.map((tensor) => [...tensorBytes(tensor)])).toEqual([[2, 3], [4, 5, 6]])
    })
  })

  test('works without the data, and says which file and tensors are missing', () => {
    const folder = newFolder()
    const path = write(join(folder, 'm.onnx'), withTensors(externalTensor('a', 2, { location: 'gone.bin' }), externalTensor('b', 2, { location: 'gone.bin' })))
    opened(path, ({ diagnostics, model }) => {
      expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([
        ['external-data-missing', "Data file 'gone.bin': it is not there; 2 tensors have no values, 'a' the first."],
      ])
      expect(failure(() => tensorBytes(model.graph.initializers[1]!)).code).toBe('not-found')
    })
  })

  test('reports a data file that is too short, and entries that are no numbers', () => {
    const folder = newFolder()
    writeFileSync(join(folder, 'w.bin'), new Uint8Array(4))
    const path = write(
      join(folder, 'm.onnx'),
      withTensors(externalTensor('a', 8, { location: 'w.bin' }), externalTensor('b', 1, { location: 'w.bin', offset: '-1' }), externalTensor('c', 1, { location: 'w.bin', offset: '9007199254740993' })),
    )
    opened(path, ({ diagnostics }) => {
      expect(diagnostics.map(({ code, valueName }) => [code, valueName])).toEqual([
        ['external-data-too-short', 'a'],
        ['external-data-invalid', 'b'],
      ])
      expect(diagnostics[0]?.message).toMatch(/has 4 bytes, but bytes 0 to 8/)
    })
  })

  test('reports tensors whose data does not fit their shape', () => {
    const folder = newFolder()
    const wrong: Tensor = { ...rawTensor('w', 'float32', [2], new Uint8Array(8)), dims: [3] }
    const negative: Tensor = { ...rawTensor('n', 'float32', [2], new Uint8Array(8)), dims: [-1, 5] }
    opened(write(join(folder, 'm.onnx'), withTensors(wrong, negative)), ({ diagnostics }) => {
      expect(diagnostics.map(({ code, valueName, message }) => [code, valueName, message])).toEqual([
        ['tensor-data-mismatch', 'w', "Tensor 'w' holds 8 bytes, but [3] of float32 takes 12."],
        ['tensor-data-mismatch', 'n', "Tensor 'n' has impossible dimensions [-1, 5]."],
      ])
    })
  })

  test.each([['../secret.bin'], ['sub/../../secret.bin'], ['..\\secret.bin'], ['C:\\secret.bin'], ['\\\\server\\secret.bin'], ['a\0b'], ['/etc/passwd'], ['../../../../../../etc/passwd']])(
    'never reads %j, which leads out of the folder',
    (location) => {
      const folder = newFolder()
      writeFileSync(join(root, 'secret.bin'), 'secret')
      opened(write(join(folder, 'm.onnx'), withTensors(externalTensor('a', 6, { location }))), ({ diagnostics, model, externalFiles }) => {
        expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual([['path-escapes-folder', 'error']])
        expect(externalFiles).toEqual([])
        expect(failure(() => tensorBytes(model.graph.initializers[0]!)).code).toBe('path-escapes-folder')
      })
    },
  )

  test('never follows a link out of the folder', () => {
    const folder = newFolder()
    writeFileSync(join(root, 'secret.bin'), 'secret')
    symlinkSync(join(root, 'secret.bin'), join(folder, 'w.bin'))
    symlinkSync(root, join(folder, 'up'))
    const path = write(join(folder, 'm.onnx'), withTensors(externalTensor('a', 6, { location: 'w.bin' }), externalTensor('b', 6, { location: 'up/secret.bin' })))
    opened(path, ({ diagnostics, externalFiles }) => {
      expect(diagnostics.map(({ code }) => code)).toEqual(['path-escapes-folder', 'path-escapes-folder'])
      expect(externalFiles).toEqual([])
    })
  })

  test('finds data where a download cache links both model and data into one store', () => {
    const [store, view] = [newFolder(), newFolder()]
    write(join(store, '0a1b'), withTensors(externalTensor('a', 2, { location: 'model.onnx_data' })))
    writeFileSync(join(store, '2c3d'), Uint8Array.of(7, 8))
    symlinkSync(join(store, '0a1b'), join(view, 'model.onnx'))
    symlinkSync(join(store, '2c3d'), join(view, 'model.onnx_data'))
    opened(join(view, 'model.onnx'), ({ diagnostics, model }) => {
      expect(diagnostics).toEqual([])
      expect([...tensorBytes(model.graph.initializers[0]!)]).toEqual([7, 8])
    })
  })

  test('refuses what is no file, without waiting for a pipe', () => {
    const folder = newFolder()
    execFileSync('mkfifo', [join(folder, 'pipe.onnx')])
    expect(failure(() => openModelFile(join(folder, 'pipe.onnx'))).message).toMatch(/is a pipe/)
    expect(failure(() => openModelFile(folder)).message).toMatch(/is a folder/)
    expect(failure(() => openModelFile('/dev/zero')).message).toMatch(/is a device/)
    expect(failure(() => openModelFile(join(folder, 'none.onnx'))).code).toBe('not-found')
    expect(failure(() => openModelFile(join(folder, 'nul\0.onnx'))).code).toBe('not-found')
    expect(failure(() => openModelFile(join(folder, 'x'.repeat(300)))).code).toBe('not-found')
    symlinkSync('loop.onnx', join(folder, 'loop.onnx'))
    expect(failure(() => openModelFile(join(folder, 'loop.onnx'))).code).toBe('not-found')
  })

  test('treats data that is a pipe as missing', () => {
    const folder = newFolder()
    execFileSync('mkfifo', [join(folder, 'w.bin')])
    opened(write(join(folder, 'm.onnx'), withTensors(externalTensor('a', 6, { location: 'w.bin' }))), ({ diagnostics }) => {
      expect(diagnostics.map(({ code }) => code)).toEqual(['external-data-missing'])
    })
  })

  test('names the file in what it says about its content', () => {
    const path = join(newFolder(), 'notes.onnx')
    writeFileSync(path, 'just some notes')
    const error = failure(() => openModelFile(path))
    expect(error.code).toBe('not-a-model')
    expect(error.message).toMatch(/'notes\.onnx'.*text file/)
  })
})

describe('a file that is open', () => {
  const large = () => withTensors(rawTensor('w', 'uint8', [500_000], new Uint8Array(500_000).fill(3)))

  test('is refused once another program wrote to it', () => {
    const path = write(join(newFolder(), 'm.onnx'), large())
    opened(path, ({ model }) => {
      expect(tensorBytes(model.graph.initializers[0]!)[0]).toBe(3)
      appendFileSync(path, 'x')
      expect(failure(() => tensorBytes(model.graph.initializers[0]!)).code).toBe('changed-on-disk')
    })
  })

  test('is refused once it was rewritten with the same size', () => {
    const path = write(join(newFolder(), 'm.onnx'), large())
    opened(path, ({ model }) => {
      writeFileSync(path, readFileSync(path))
      utimesSync(path, new Date(), new Date(Date.now() + 5000))
      expect(failure(() => tensorBytes(model.graph.initializers[0]!)).code).toBe('changed-on-disk')
    })
  })

  test('stays readable where another file took its name', () => {
    const path = write(join(newFolder(), 'm.onnx'), large())
    opened(path, ({ model }) => {
      copyFileSync(path, `${path}.new`)
      writeFileSync(`${path}.new`, 'other')
      renameSync(`${path}.new`, path)
      expect(tensorBytes(model.graph.initializers[0]!)[0]).toBe(3)
    })
  })
})

test.each(['no JSON', '{}', '{"graphs":[1],"nodes":[-1],"nextNode":2,"nextGraph":2}', '{"graphs":[1],"nodes":[5,5],"nextNode":6,"nextGraph":2}'])('ids beside a model that are not ours (%s) change nothing', (text) => {
  const nodes = ['a', 'b'].map((name) => buildNode({ opType: 'Relu', name, inputs: ['x'], outputs: [name] }))
  const path = write(join(newFolder(), 'm.onnx'), buildModel({ nodes }))
  const before = opened(path, ({ model }) => model.graph.nodes.map(({ id }) => id))
  writeFileSync(`${path}.edgefit-ids`, text)
  expect(opened(path, ({ model }) => model.graph.nodes.map(({ id }) => id))).toEqual(before)
})

describe('the hash of a model', () => {
  test('is the SHA-256 of its file where it has no external data', async () => {
    const path = write(join(newFolder(), 'm.onnx'), withTensors(rawTensor('w', 'uint8', [3_000_000], new Uint8Array(3_000_000))))
    expect(await hashModelFile(path)).toBe(createHash('sha256').update(readFileSync(path)).digest('hex'))
  })

  test('covers external data', async () => {
    const folder = newFolder()
    const path = write(join(folder, 'm.onnx'), withTensors(externalTensor('a', 2, { location: 'w.bin' })))
    writeFileSync(join(folder, 'w.bin'), Uint8Array.of(1, 2))
    const before = await hashModelFile(path)
    writeFileSync(join(folder, 'w.bin'), Uint8Array.of(1, 3))
    expect(await hashModelFile(path)).not.toBe(before)
  })

  test('can be cancelled', async () => {
    const path = write(join(newFolder(), 'm.onnx'), withTensors(rawTensor('w', 'uint8', [10], new Uint8Array(10))))
    await expect(hashModelFile(path, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' })
  })
})
