import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { tensor, tensorRecord } from '#shared/onnx/testing/build-model'
import { tensorNumbers } from '#shared/onnx/tensor-data'
import { openEditFiles } from '../engine/edit-files'
import { writeNpy } from './write-npy'

const folder = mkdtempSync(join(tmpdir(), 'edgefit-npy-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** As an initializer would take it in. */
async function readBack(path: string) {
  const files = await openEditFiles([{ kind: 'addInitializer', name: 'w', tensor: { npy: path } }])
  return files.array(path)
}

test('an exported tensor is read back as it was, in every type that NumPy has', async () => {
  for (const spec of [tensor('float32', [2, 3], [1, -2.5, 3, 0, 5, 6]), tensor('int64', [2], [9007199254740993n, -1n]), tensor('bool', [3], [1, 0, 1]), tensor('uint16', [1], [65535]), tensor('float64', [], [0.1])]) {
    const record = tensorRecord('w', spec)
    const { path, sizeBytes } = await writeNpy(join(folder, 'w.npy'), record, null)
    const back = await readBack(path)
    expect(back.dims).toEqual(record.dims)
    expect(back.dataType).toBe(record.dataType)
    expect([...tensorNumbers(back)]).toEqual([...tensorNumbers(record)])
    expect(sizeBytes % 64).toBe([...tensorNumbers(record)].length * tensorNumbers(record).BYTES_PER_ELEMENT % 64)
  }
})

test('types that NumPy lacks, and real values of codes, become float32', async () => {
  const half = await writeNpy(join(folder, 'h.npy'), tensorRecord('w', tensor('float16', [2], [0x3c00, 0xc000])), null)
  expect([...tensorNumbers(await readBack(half.path))]).toEqual([1, -2])
  const codes = await writeNpy(join(folder, 'q.npy'), tensorRecord('w', tensor('int8', [2], [4, -6])), (values) => Float64Array.from({ length: values.length }, (_, at) => Number(values[at]) / 4))
  expect([...tensorNumbers(await readBack(codes.path))]).toEqual([1, -1.5])
})

test('text is refused, and a folder that is not there is named', async () => {
  await expect(writeNpy(join(folder, 's.npy'), tensorRecord('w', tensor('string', [1], ['a'])), null)).rejects.toMatchObject({ code: 'not-supported' })
  await expect(writeNpy(join(folder, 'no/w.npy'), tensorRecord('w', tensor('int8', [1], [1])), null)).rejects.toMatchObject({ code: 'not-found' })
})
