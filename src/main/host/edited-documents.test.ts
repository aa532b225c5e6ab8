/** Edited documents through the contract, with real engine processes: drafts, crashes, checked saves, snapshots for jobs. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { EditCommand } from '#shared/ipc/edit-commands'
import { openHome } from '../workspace/home'
import { createShell } from './shell'
import { appRoot, sample } from './testing/sample'
import { createTestShell, sourceEngine, type TestClient, type TestShell } from './testing/test-shell'

let studio: TestShell
let client: TestClient
let folder: string
let modelPath: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgefit-edited-'))
  modelPath = join(folder, 'model.onnx')
  cpSync(sample.model, modelPath)
  studio = createTestShell()
  client = studio.client('window')
})

afterEach(async () => {
  await studio.dispose()
  rmSync(folder, { recursive: true, force: true })
})

const rename = (to: string, from = 'image'): EditCommand => ({ kind: 'renameValue', from, to })
const inputsOf = (change: { summary: { inputs: readonly { name: string }[] } }) => change.summary.inputs.map(({ name }) => name)

async function killEngine(): Promise<void> {
  const { engine } = studio.shell.pids()
  if (engine === null) throw new Error('no engine runs')
  const restarts = () => client.events.filter(({ name, payload }) => name === 'engine' && 'state' in payload && payload.state === 'restarted').length
  const before = restarts()
  process.kill(engine, 'SIGKILL')
  await expect.poll(restarts, { timeout: 20_000 }).toBe(before + 1)
}

/** A second start of the studio in the same home, after the first one's engine was killed with it. */
async function startAgain(): Promise<TestClient['request']> {
  await studio.shell.dispose()
  const shell = createShell({ host: 'browser', home: openHome(studio.home.folder), appRoot, engine: sourceEngine })
  studio = { ...studio, shell, dispose: () => shell.dispose() }
  return async (name, params) => {
    const answer = await shell.request('window', name, params)
    if (!answer.ok) throw Object.assign(new Error(answer.error.message), answer.error)
    return answer.value as never
  }
}

test('an edit answers with what differs, and undo with the way back', async () => {
  const { documentId, mainGraphId } = await client.request('model.open', { path: modelPath })
  const view = await client.request('model.graph', { documentId, graphId: mainGraphId })
  const conv = view.nodes.find(({ opType }) => opType === 'Conv')
  if (!conv) throw new Error('the sample has no Conv')
  const change = await client.request('document.edit', { documentId, commands: [{ kind: 'renameNode', node: conv.id, name: 'first' }] })
  expect(change).toMatchObject({ revision: 1, revisions: 1, dirty: true, removedGraphs: [], notes: [] })
  expect(change.graphs).toMatchObject([{ graphId: mainGraphId, nodes: [{ id: conv.id, name: 'first' }], removedNodes: [], values: {} }])
  const back = await client.request('document.undo', { documentId })
  expect(back).toMatchObject({ revision: 0, revisions: 1, dirty: false, graphs: [{ nodes: [{ id: conv.id, name: conv.name }] }] })
  expect(await client.request('document.redo', { documentId })).toMatchObject({ revision: 1, dirty: true })
  expect(await client.request('document.history', { documentId })).toMatchObject({ revision: 1, savedRevision: 0, entries: [{ revision: 1, label: "Rename node to 'first'" }] })
  await expect(client.request('document.redo', { documentId })).rejects.toMatchObject({ code: 'bad-usage' })
})

test('an edit of which one command is refused changes nothing', async () => {
  const { documentId } = await client.request('model.open', { path: modelPath })
  const commands = [rename('picture'), rename('other', 'no such value')]
  await expect(client.request('document.edit', { documentId, commands })).rejects.toMatchObject({ code: 'not-found', message: expect.stringMatching(/^Edit 2 of 2: /) as string, details: { command: 1 } })
  expect(await client.request('document.history', { documentId })).toMatchObject({ revision: 0, dirty: false, entries: [] })
})

test('edits survive the death of the engine, under the same document', async () => {
  const { documentId, mainGraphId } = await client.request('model.open', { path: modelPath })
  await client.request('document.edit', { documentId, commands: [rename('picture')] })
  await client.request('document.edit', { documentId, commands: [{ kind: 'setMetadata', key: 'by', value: 'me' }] })
  await client.request('document.undo', { documentId })
  const before = await client.request('model.graph', { documentId, graphId: mainGraphId })
  await killEngine()
  expect(await client.request('document.history', { documentId })).toMatchObject({ revision: 1, revisions: 2, dirty: true })
  expect(await client.request('model.graph', { documentId, graphId: mainGraphId })).toEqual(before)
  expect(await client.request('document.redo', { documentId })).toMatchObject({ summary: { metadata: { by: 'me' } } })
})

test('edits made after a save, and undo beyond it, survive the death of the engine', async () => {
  const { documentId } = await client.request('model.open', { path: modelPath })
  await client.request('document.edit', { documentId, commands: [{ kind: 'insertNode', value: 'image', node: { opType: 'Identity', name: 'first' } }] })
  await client.request('model.save', { documentId, path: modelPath })
  const { addedNodes } = await client.request('document.edit', { documentId, commands: [{ kind: 'insertNode', value: 'image', node: { opType: 'Identity', name: 'second' } }] })
  await killEngine()
  const id = addedNodes[0]?.nodeId ?? -1
  // The node is still known by its id, and the next one gets another.
  const change = await client.request('document.edit', { documentId, commands: [{ kind: 'renameNode', node: id, name: 'third' }, { kind: 'insertNode', value: 'image', node: { opType: 'Identity', name: 'fourth' } }] })
  expect(change.addedNodes[0]?.nodeId).toBeGreaterThan(id)

  const other = await client.request('model.open', { path: sample.model })
  await client.request('document.edit', { documentId: other.documentId, commands: [rename('picture')] })
  await client.request('model.save', { documentId: other.documentId, path: join(folder, 'saved.onnx') })
  const undone = await client.request('document.undo', { documentId: other.documentId })
  expect(inputsOf(undone)).toEqual(['image'])
  await killEngine()
  const again = await client.request('document.edit', { documentId: other.documentId, commands: [{ kind: 'setMetadata', key: 'by', value: 'me' }] })
  expect(inputsOf(again)).toEqual(['image'])
  expect(again.dirty).toBe(true)
})

test('after the whole studio was killed the edits are offered, and restored on demand', async () => {
  const { documentId } = await client.request('model.open', { path: modelPath })
  await client.request('document.edit', { documentId, commands: [rename('picture')] })
  await client.request('document.edit', { documentId, label: 'Second', commands: [{ kind: 'setMetadata', key: 'by', value: 'me' }] })
  let request = await startAgain()
  const opened = await request('model.open', { path: modelPath })
  expect(inputsOf(opened)).toEqual(['image'])
  expect(opened.draft).toMatchObject({ edits: 2, lastLabel: 'Second' })
  const restored = await request('document.restoreDraft', { documentId: opened.documentId })
  expect(restored).toMatchObject({ documentId: opened.documentId, state: { revision: 2, dirty: true }, draft: null, summary: { metadata: { by: 'me' } } })
  expect(inputsOf(restored)).toEqual(['picture'])

  // The restored edits are kept on, until they are discarded.
  request = await startAgain()
  const third = await request('model.open', { path: modelPath })
  expect(third.draft).toMatchObject({ edits: 2 })
  await request('document.discardDraft', { documentId: third.documentId })
  await request('model.close', { documentId: third.documentId })
  expect(await request('model.open', { path: modelPath })).toMatchObject({ draft: null })
})

test('a draft of a model that has changed since is kept aside, and the model opens as it is', async () => {
  const { documentId } = await client.request('model.open', { path: modelPath })
  await client.request('document.edit', { documentId, commands: [rename('picture')] })
  const request = await startAgain()
  cpSync(join(appRoot, 'resources/samples/digits/mobilenet.onnx'), modelPath)
  const opened = await request('model.open', { path: modelPath })
  await expect(request('document.restoreDraft', { documentId: opened.documentId })).rejects.toMatchObject({ code: 'invalid-data', message: 'The unsaved edits no longer fit the model: the file was changed since.' })
  expect(await request('document.history', { documentId: opened.documentId })).toMatchObject({ revision: 0, dirty: false })
  expect(readdirSync(studio.home.draftsFolder).filter((name) => name.includes('.aside-'))).toHaveLength(1)
})

test('a draft keeps the files that its commands read, and a line cut off by the crash is left out', async () => {
  const { documentId, mainGraphId } = await client.request('model.open', { path: modelPath })
  const { nodes } = await client.request('model.graph', { documentId, graphId: mainGraphId })
  const relus = nodes.filter(({ opType }) => opType === 'Relu').slice(0, 1).map(({ id }) => id)
  const copied = await client.request('document.copy', { documentId, nodes: relus })
  const pasted = await client.request('document.edit', { documentId, commands: [{ kind: 'paste', model: { path: copied.path } }] })
  expect(pasted.addedNodes).toHaveLength(1)
  rmSync(copied.path)
  const request = await startAgain()
  const journal = join(studio.home.draftsFolder, documentId, 'journal.jsonl')
  writeFileSync(journal, `${readFileSync(journal, 'utf8')}{"kind":"edit","label":"cut o`)
  const opened = await request('model.open', { path: modelPath })
  const restored = await request('document.restoreDraft', { documentId: opened.documentId })
  expect(restored.summary.nodeCount).toBe(nodes.length + 1)
})

test('a save that would not run is refused with the reason, the edits stay, and force saves it', async () => {
  const { documentId, mainGraphId } = await client.request('model.open', { path: modelPath })
  const { nodes } = await client.request('model.graph', { documentId, graphId: mainGraphId })
  const gemm = nodes.find(({ opType }) => opType === 'Gemm')
  if (!gemm) throw new Error('the sample has no Gemm')
  const before = readFileSync(modelPath)

  // Against the rules: an input that is required is left open.
  await client.request('document.edit', { documentId, commands: [{ kind: 'setInput', node: gemm.id, input: 0, value: '' }] })
  const refused = client.request('model.save', { documentId, path: modelPath })
  await expect(refused).rejects.toMatchObject({ code: 'invalid-model', details: { diagnostics: [expect.objectContaining({ severity: 'error', nodeId: gemm.id })] } })
  await client.request('document.undo', { documentId })

  // By the rules, but not by the shapes: only onnxruntime knows.
  await client.request('document.edit', { documentId, commands: [{ kind: 'setAttribute', node: gemm.id, attribute: { name: 'transB', type: 'int', value: gemm.attributes.some(({ name, text }) => name === 'transB' && text === '1') ? 0 : 1 } }] })
  await expect(client.request('model.save', { documentId, path: modelPath })).rejects.toMatchObject({ code: 'invalid-model', message: expect.stringMatching(/onnxruntime|valid/) as string })
  expect(readFileSync(modelPath).equals(before)).toBe(true)
  expect(readdirSync(folder)).toEqual(['model.onnx'])
  expect(await client.request('document.history', { documentId })).toMatchObject({ revision: 1, dirty: true })

  expect(await client.request('model.save', { documentId, path: modelPath, force: true })).toMatchObject({ dirty: false, revision: 1 })
  expect(readFileSync(modelPath).equals(before)).toBe(false)
})

test('a sound edit is saved, and the model is then at its new path', async () => {
  const { documentId } = await client.request('model.open', { path: modelPath })
  await client.request('document.edit', { documentId, commands: [rename('picture')] })
  const path = join(folder, 'renamed.onnx')
  expect(await client.request('model.save', { documentId, path })).toMatchObject({ path, dirty: false })
  const reopened = await client.request('model.open', { path })
  expect(inputsOf(reopened)).toEqual(['picture'])
  // Undoing is still possible, and is again a change of the file.
  const undone = await client.request('document.undo', { documentId })
  expect({ inputs: inputsOf(undone), dirty: undone.dirty, path: undone.summary.path }).toEqual({ inputs: ['image'], dirty: true, path })
})

test('a job gets a file with the edits in it; a document without edits is its own', async () => {
  const { documentId } = await client.request('model.open', { path: modelPath })
  expect(await client.request('document.snapshot', { documentId })).toEqual({ path: modelPath, revision: null })
  await client.request('document.edit', { documentId, commands: [rename('picture')] })
  const { path } = await client.request('document.snapshot', { documentId })
  expect(await client.request('document.snapshot', { documentId })).toEqual({ path, revision: 1 })
  expect(inputsOf(await client.request('model.open', { path }))).toEqual(['picture'])
})

test('a part is saved as a model that opens', async () => {
  const { documentId, mainGraphId } = await client.request('model.open', { path: modelPath })
  const view = await client.request('model.graph', { documentId, graphId: mainGraphId })
  const pool = view.nodes.find(({ opType }) => opType === 'GlobalAveragePool')
  const path = join(folder, 'head.onnx')
  const part = await client.request('document.extract', { documentId, inputs: pool?.inputs ?? [], path })
  const opened = await client.request('model.open', { path })
  expect(opened.summary).toMatchObject({ nodeCount: part.nodeCount, opCounts: { Gemm: 1 }, outputs: [{ name: 'logits' }] })
  expect(opened.summary.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  await expect(client.request('document.extract', { documentId, inputs: ['logits'], outputs: ['logits'], path })).rejects.toMatchObject({ code: 'bad-usage' })
})
