import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sample } from './testing/sample'
import { createTestShell, type TestClient, type TestShell } from './testing/test-shell'

let studio: TestShell
let client: TestClient
let folder: string

beforeEach(() => {
  studio = createTestShell()
  client = studio.client('window')
  folder = mkdtempSync(join(tmpdir(), 'edgefit-models-'))
})

afterEach(async () => {
  await studio.dispose()
  rmSync(folder, { recursive: true, force: true })
})

function killEngine(): void {
  const pid = studio.shell.pids().engine
  if (pid === null) throw new Error('no engine is running')
  process.kill(pid, 'SIGKILL')
}

function copyOfSample(name: string): string {
  const path = join(folder, name)
  copyFileSync(sample.model, path)
  return path
}

test('an engine killed in the middle of a request fails that request in plain words and starts again', async () => {
  const { documentId, mainGraphId } = await client.request('model.open', { path: sample.model })
  const pid = studio.shell.pids().engine ?? 0
  // Stopped, it cannot have answered by the time it is killed.
  process.kill(pid, 'SIGSTOP')
  const asked = client.request('model.graph', { documentId, graphId: mainGraphId })
  process.kill(pid, 'SIGKILL')
  await expect(asked).rejects.toMatchObject({ code: 'engine-crashed', message: expect.stringContaining('SIGKILL') as string, hint: expect.stringContaining('memory') as string })
  await client.next('engine', ({ state }) => state === 'restarted')
  expect(studio.shell.pids().engine).not.toBe(pid)
})

test('after a restart every open document answers under its old id', async () => {
  const first = await client.request('model.open', { path: copyOfSample('first.onnx') })
  const second = await client.request('model.open', { path: copyOfSample('second.onnx') })
  const before = await client.request('model.graph', { documentId: second.documentId, graphId: second.mainGraphId })
  killEngine()
  expect(await client.next('engine', ({ state }) => state === 'restarting')).toMatchObject({ lostDocuments: [] })
  expect(await client.next('engine', ({ state }) => state === 'restarted')).toMatchObject({ lostDocuments: [] })
  expect(await client.request('model.graph', { documentId: second.documentId, graphId: second.mainGraphId })).toEqual(before)
  await client.request('model.graph', { documentId: first.documentId, graphId: first.mainGraphId })
})

test('a request made while the engine is starting again waits for it', async () => {
  const { documentId, mainGraphId } = await client.request('model.open', { path: sample.model })
  killEngine()
  await client.next('engine', ({ state }) => state === 'restarting')
  const view = await client.request('model.graph', { documentId, graphId: mainGraphId })
  expect(view.nodes.length).toBeGreaterThan(0)
})

test('a document whose file is gone or broken by then is told as lost, the others stay', async () => {
  const gone = await client.request('model.open', { path: copyOfSample('gone.onnx') })
  const broken = await client.request('model.open', { path: copyOfSample('broken.onnx') })
  const kept = await client.request('model.open', { path: copyOfSample('kept.onnx') })
  rmSync(join(folder, 'gone.onnx'))
  writeFileSync(join(folder, 'broken.onnx'), 'no model')
  killEngine()
  const { lostDocuments } = await client.next('engine', ({ state }) => state === 'restarted')
  expect(lostDocuments.toSorted()).toEqual([gone.documentId, broken.documentId].toSorted())
  await client.request('model.graph', { documentId: kept.documentId, graphId: kept.mainGraphId })
  await expect(client.request('model.graph', { documentId: gone.documentId, graphId: gone.mainGraphId })).rejects.toMatchObject({ code: 'not-found' })
})

test('an engine that keeps stopping is given up, and the next request starts it once more', async () => {
  await client.request('model.open', { path: sample.model })
  for (let ends = 0; ends < 3; ends++) {
    const seen = client.events.length
    killEngine()
    await expect.poll(() => client.events.slice(seen).some((event) => event.name === 'engine' && event.payload.state === 'restarted'), { timeout: 20_000 }).toBe(true)
  }
  killEngine()
  expect((await client.next('engine', ({ state }) => state === 'failed')).lostDocuments).toHaveLength(1)
  expect(studio.shell.pids().engine).toBeNull()
  await client.request('model.open', { path: sample.model })
})

test("a closed window's documents are closed, other windows' stay", async () => {
  const other = studio.client('other')
  const mine = await client.request('model.open', { path: sample.model })
  const theirs = await other.request('model.open', { path: sample.model })
  await studio.shell.closeClient('window')
  await expect(client.request('model.graph', { documentId: mine.documentId, graphId: mine.mainGraphId })).rejects.toMatchObject({ code: 'not-found' })
  await other.request('model.graph', { documentId: theirs.documentId, graphId: theirs.mainGraphId })
})

test('disposing ends the engine process', async () => {
  await client.request('model.open', { path: sample.model })
  const pid = studio.shell.pids().engine ?? 0
  await studio.shell.dispose()
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
})

test('disposing while the engine is started again leaves neither a process nor an error', async () => {
  await client.request('model.open', { path: sample.model })
  killEngine()
  await client.next('engine', ({ state }) => state === 'restarting')
  await studio.shell.dispose()
  expect(studio.shell.pids().engine).toBeNull()
})

test('what is kept by the contents of a model is found although the engine dies meanwhile', async () => {
  await client.request('model.open', { path: sample.model })
  const card = { kind: 'tensor', input: 'image', scale: 1 } as const
  const kept = client.request('evaluation.keepCard', { modelPath: sample.model, card })
  killEngine()
  await kept
  expect(await client.request('evaluation.card', { modelPath: sample.model })).toMatchObject(card)
})
