import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import type { Model, Tensor } from '#shared/onnx/records'
import { rawTensor, tensorBytes } from '#shared/onnx/tensor-data'
import { buildModel, buildNode } from '../../../tests/fixtures/build-model'
import { openModelFile, saveModelFile } from './model-file'

const root = mkdtempSync(join(tmpdir(), 'edgefit-save-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let folders = 0
function newFolder(): string {
  const folder = join(root, `case-${++folders}`)
  mkdirSync(folder)
  return folder
}

function filled(name: string, sizeBytes: number, value: number): Tensor {
  return rawTensor(name, 'uint8', [sizeBytes], new Uint8Array(sizeBytes).fill(value))
}

function withTensors(...initializers: Tensor[]): Model {
  return buildModel({ nodes: [buildNode({ opType: 'Relu', inputs: ['x'], outputs: ['y'] })], initializers })
}

/** A model whose two tensors are in `w.bin`. */
function writeExternal(folder: string): string {
  const at = (name: string, offset: number): Tensor => ({
    name,
    dataType: 2,
    dims: [5000],
    data: { kind: 'external', entries: Object.entries({ location: 'w.bin', offset: String(offset), length: '5000' }).map(([key, value]) => ({ key, value })), resolved: null },
  })
  writeFileSync(join(folder, 'w.bin'), Buffer.concat([Buffer.alloc(5000, 1), Buffer.alloc(5000, 2)]))
  const path = join(folder, 'm.onnx')
  writeFileSync(path, joinPieces(encodeModel(withTensors(at('a', 0), at('b', 5000)))))
  return path
}

/** First byte and length of every initializer, read back from disk. */
function contents(path: string): [string, number | undefined, number][] {
  const file = openModelFile(path)
  try {
    expect(file.diagnostics).toEqual([])
    return file.model.graph.initializers.map((tensor) => [tensor.name, tensorBytes(tensor)[0], tensorBytes(tensor).length])
  } finally {
    file.close()
  }
}

describe('saving', () => {
  test('an opened model untouched gives the same bytes, also over itself while it is open', async () => {
    const path = join(newFolder(), 'm.onnx')
    await saveModelFile(withTensors(filled('w', 3_000_000, 7)), path)
    const bytes = readFileSync(path)
    const file = openModelFile(path)
    await saveModelFile(file.model, path)
    expect(readFileSync(path).equals(bytes)).toBe(true)
    expect(tensorBytes(file.model.graph.initializers[0]!)[2_999_999]).toBe(7)
    await saveModelFile({ ...file.model, producerName: 'again' }, path)
    expect(contents(path)).toEqual([['w', 7, 3_000_000]])
    file.close()
  })

  test('leaves external data where it is when the folder is the same', async () => {
    const folder = newFolder()
    const file = openModelFile(writeExternal(folder))
    const saved = await saveModelFile(file.model, join(folder, 'copy.onnx'))
    file.close()
    expect(readdirSync(folder).sort()).toEqual(['copy.onnx', 'm.onnx', 'w.bin'])
    expect(saved.externalFiles).toEqual([join(folder, 'w.bin')])
    expect(saved.sizeBytes).toBe(statSync(join(folder, 'copy.onnx')).size + 10_000)
    expect(contents(join(folder, 'copy.onnx'))).toEqual([['a', 1, 5000], ['b', 2, 5000]])
  })

  test('takes external data along into another folder', async () => {
    const file = openModelFile(writeExternal(newFolder()))
    const target = newFolder()
    const saved = await saveModelFile(file.model, join(target, 'm.onnx'))
    file.close()
    expect(saved.externalFiles).toEqual([join(target, 'm.onnx.data')])
    expect(contents(join(target, 'm.onnx'))).toEqual([['a', 1, 5000], ['b', 2, 5000]])
  })

  test('is not misled by another file of the same name in the target folder', async () => {
    const file = openModelFile(writeExternal(newFolder()))
    const target = newFolder()
    writeFileSync(join(target, 'w.bin'), new Uint8Array(10_000))
    await saveModelFile(file.model, join(target, 'm.onnx'))
    file.close()
    expect(contents(join(target, 'm.onnx'))).toEqual([['a', 1, 5000], ['b', 2, 5000]])
  })

  test('puts weights into a data file where the model file would be too large, small tensors aside', async () => {
    const path = join(newFolder(), 'm.onnx')
    await saveModelFile(withTensors(filled('large', 50_000, 1), filled('small', 10, 2), filled('larger', 90_000, 3)), path, { maxMessageBytes: 20_000 })
    expect(statSync(path).size).toBeLessThan(1000)
    expect(contents(path)).toEqual([['large', 1, 50_000], ['small', 2, 10], ['larger', 3, 90_000]])
    const file = openModelFile(path)
    const offsets = file.model.graph.initializers.flatMap(({ data }) => (data.kind === 'external' ? [Number(data.entries.find(({ key }) => key === 'offset')?.value)] : []))
    file.close()
    expect(offsets).toEqual([0, 53_248])
  })

  test('anew under a name removes the data file that only the old model read', async () => {
    const folder = newFolder()
    const path = join(folder, 'm.onnx')
    const model = (value: number) => withTensors(filled('w', 50_000, value))
    for (const value of [1, 2, 3]) {
      await saveModelFile(model(value), path, { maxMessageBytes: 20_000 })
      expect(contents(path)).toEqual([['w', value, 50_000]])
      expect(readdirSync(folder)).toHaveLength(2)
    }
  })

  test('anew leaves a data file that another model in the folder reads', async () => {
    const folder = newFolder()
    const path = join(folder, 'm.onnx')
    await saveModelFile(withTensors(filled('w', 50_000, 1)), path, { maxMessageBytes: 20_000 })
    const file = openModelFile(path)
    await saveModelFile({ ...file.model, producerName: 'sharing' }, join(folder, 'other.onnx'))
    file.close()
    await saveModelFile(withTensors(filled('w', 50_000, 2)), path, { maxMessageBytes: 20_000 })
    expect(contents(join(folder, 'other.onnx'))).toEqual([['w', 1, 50_000]])
    expect(contents(path)).toEqual([['w', 2, 50_000]])
  })

  test('replaces a link that leads into another folder, and leaves that folder alone', async () => {
    const [store, view] = [newFolder(), newFolder()]
    writeFileSync(join(store, '0a1b'), 'stored')
    symlinkSync(join(store, '0a1b'), join(view, 'm.onnx'))
    await saveModelFile(withTensors(filled('w', 50_000, 1)), join(view, 'm.onnx'), { maxMessageBytes: 20_000 })
    expect(contents(join(view, 'm.onnx'))).toEqual([['w', 1, 50_000]])
    expect(readdirSync(store)).toEqual(['0a1b'])
    expect(readFileSync(join(store, '0a1b'), 'utf8')).toBe('stored')
  })

  test('follows a link within its folder and keeps it, and keeps permissions', async () => {
    const folder = newFolder()
    const real = join(folder, 'real.onnx')
    writeFileSync(real, 'old')
    chmodSync(real, 0o640)
    symlinkSync(real, join(folder, 'link.onnx'))
    await saveModelFile(withTensors(filled('w', 10, 1)), join(folder, 'link.onnx'))
    expect(contents(real)).toEqual([['w', 1, 10]])
    expect(statSync(real).mode & 0o777).toBe(0o640)
    expect(readdirSync(folder).sort()).toEqual(['link.onnx', 'real.onnx'])
  })
})

/** Runs `use` on a file system of its own; null where this machine does not let us mount one. */
async function onSmallDisk(sizeBytes: number, use: (folder: string) => Promise<void>): Promise<'done' | null> {
  const folder = newFolder()
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder]).status !== 0) return null
  try {
    await use(folder)
  } finally {
    execFileSync('umount', ['-l', folder])
  }
  return 'done'
}

describe('a save that fails', () => {
  async function expectUntouched(folder: string, code: string, save: () => Promise<unknown>): Promise<void> {
    const before = readdirSync(folder)
    const bytes = before.map((name) => readFileSync(join(folder, name)))
    await expect(save()).rejects.toMatchObject({ name: 'AppError', code })
    expect(readdirSync(folder)).toEqual(before)
    before.forEach((name, at) => expect(readFileSync(join(folder, name)).equals(bytes[at]!)).toBe(true))
  }

  test('for want of space leaves the old file whole and nothing else', async ({ skip }) => {
    const done = await onSmallDisk(1024 * 1024, async (folder) => {
      const path = join(folder, 'm.onnx')
      await saveModelFile(withTensors(filled('w', 300_000, 1)), path)
      await expectUntouched(folder, 'disk-full', () => saveModelFile(withTensors(filled('w', 3_000_000, 2)), path))
      await expectUntouched(folder, 'disk-full', () => saveModelFile(withTensors(filled('w', 3_000_000, 2)), path, { maxMessageBytes: 20_000 }))
    })
    if (done === null) skip('mounting a small file system needs root')
  })

  test('after its data file was written takes that away again', async ({ skip }) => {
    const done = await onSmallDisk(1024 * 1024, async (folder) => {
      const big = { ...withTensors(filled('w', 600_000, 1)), docString: 'x'.repeat(600_000) }
      await expectUntouched(folder, 'disk-full', () => saveModelFile(big, join(folder, 'm.onnx'), { maxMessageBytes: 700_000 }))
    })
    if (done === null) skip('mounting a small file system needs root')
  })

  test('for want of permission leaves the old file whole', async ({ skip }) => {
    const model = withTensors(filled('w', 10, 2))
    if (process.getuid?.() !== 0) {
      const folder = newFolder()
      writeFileSync(join(folder, 'm.onnx'), 'old')
      chmodSync(folder, 0o555)
      await expectUntouched(folder, 'permission-denied', () => saveModelFile(model, join(folder, 'm.onnx')))
      chmodSync(folder, 0o755)
      return
    }
    // Permissions do not bind root, a file system mounted read-only does.
    const done = await onSmallDisk(1024 * 1024, async (folder) => {
      writeFileSync(join(folder, 'm.onnx'), 'old')
      execFileSync('mount', ['-o', 'remount,ro', folder])
      await expectUntouched(folder, 'permission-denied', () => saveModelFile(model, join(folder, 'm.onnx')))
    })
    if (done === null) skip('as root, only a read-only mount denies permission')
  })

  test('because the source changed meanwhile leaves the old file whole', async () => {
    const [from, to] = [newFolder(), newFolder()]
    const path = join(from, 'm.onnx')
    await saveModelFile(withTensors(filled('w', 3_000_000, 1)), path)
    writeFileSync(join(to, 'm.onnx'), 'old')
    const file = openModelFile(path)
    writeFileSync(path, readFileSync(path).subarray(0, 1_000_000))
    await expectUntouched(to, 'changed-on-disk', () => saveModelFile(file.model, join(to, 'm.onnx')))
    file.close()
  })

  test('because it was cancelled leaves nothing', async () => {
    const folder = newFolder()
    await expectUntouched(folder, 'cancelled', () => saveModelFile(withTensors(filled('w', 3_000_000, 1)), join(folder, 'm.onnx'), { signal: AbortSignal.abort() }))
  })

  test('because the path is no place for a file says so', async () => {
    const folder = newFolder()
    writeFileSync(join(folder, 'file'), '')
    mkdirSync(join(folder, 'folder'))
    const model = withTensors(filled('w', 10, 1))
    await expect(saveModelFile(model, join(folder, 'none', 'm.onnx'))).rejects.toMatchObject({ code: 'not-found' })
    await expect(saveModelFile(model, join(folder, 'file', 'm.onnx'))).rejects.toMatchObject({ code: 'not-found' })
    await expect(saveModelFile(model, join(folder, 'folder'))).rejects.toMatchObject({ code: 'bad-usage' })
    await expect(saveModelFile(model, join(folder, 'x'.repeat(300)))).rejects.toMatchObject({ code: 'bad-usage' })
    expect(readdirSync(folder).sort()).toEqual(['file', 'folder'])
  })

  test('because the path is the data file of the very model says so', async () => {
    const folder = newFolder()
    const file = openModelFile(writeExternal(folder))
    await expectUntouched(folder, 'bad-usage', () => saveModelFile(file.model, join(folder, 'w.bin')))
    file.close()
    expect(existsSync(join(folder, 'm.onnx'))).toBe(true)
  })
})
