/**
 * Random edits, undone and redone, on real models: nothing but refusals may go wrong, and undoing all of them gives the bytes of the
 * file again. A few hundred sequences; `EDIT_SEQUENCES=10000` sets another number, `EDIT_SEED` another beginning.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { AppError } from '#shared/errors'
import { EditCommand } from '#shared/ipc/edit-commands'
import { memorySource } from '#shared/onnx/byte-source'
import { checkModel } from '#shared/onnx/check/check-model'
import { decodeModel } from '#shared/onnx/codec/decode'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { ModelDocument } from '#shared/onnx/document'
import { applyEdits } from '#shared/onnx/edit/apply-edit'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import { printModel } from '#shared/onnx/text/print'
import { graphChange, type GraphSnapshot, showGraph } from '#shared/onnx/view/graph-changes'
import { EditHistory } from '../src/main/engine/edit-history'
import { createOrtRunner } from '../src/main/runtime/ort-runner'
import { MemoryFiles, randomCommand, type Random, seededRandom } from './fixtures/random-edits'
import { modelFiles, ownModelsFolder, sharedModelsFolder } from './fixtures/shared-models'

const SEQUENCES = Number(process.env['EDIT_SEQUENCES'] ?? 300)
const SEED = Number(process.env['EDIT_SEED'] ?? 1)
const STEPS = 10
/** One sequence in so many is also loaded in onnxruntime after each edit. */
const LOADED = 20
const MAX_BYTES = 1_000_000
const MAX_MODELS = 24

const scratchFolder = mkdtempSync(join(tmpdir(), 'edgefit-edits-'))
afterAll(() => rmSync(scratchFolder, { recursive: true, force: true }))

/** The project's own, and small ones of others, evenly over all kinds. */
function chosenModels(): string[] {
  const small = modelFiles(sharedModelsFolder).filter((path) => path.endsWith('.onnx') && statSync(path).size < MAX_BYTES && !/lfs_pointer|upsample\.ort/.test(path))
  const stride = Math.max(1, small.length / MAX_MODELS)
  const shared = Array.from({ length: Math.min(MAX_MODELS, small.length) }, (_, at) => small[Math.floor(at * stride)]).filter((path) => path !== undefined)
  return [...modelFiles(ownModelsFolder), ...shared]
}

const outcomes = { edits: 0, refused: 0, loaded: 0, refusedByChecker: 0, refusedByRuntime: 0 }

async function runSequence(document: ModelDocument, original: Uint8Array, { random, loads }: { random: Random; loads: boolean }): Promise<void> {
  const files = new MemoryFiles()
  const history = new EditHistory(document)
  const done: unknown[] = []
  const context = () => `after ${JSON.stringify(done)}`
  for (let step = 0; step < STEPS; step++) {
    const move = random.below(5)
    const { revision, revisions } = history.state()
    if (move === 0 && revisions > 0) history.goTo(random.below(revisions + 1))
    else if (move === 1 && revision > 0) history.goTo(revision - 1)
    else await editOnce(document, history, { random, files, done })
    if (loads) await mustOpenOrBeRefused(document, context)
  }
  const last = history.state().revisions
  history.goTo(last)
  const edited = joinPieces(encodeModel(document.model))
  history.goTo(0)
  expect(Buffer.compare(joinPieces(encodeModel(document.model)), original), context()).toBe(0)
  history.goTo(last)
  expect(Buffer.compare(joinPieces(encodeModel(document.model)), edited), context()).toBe(0)
  history.goTo(0)
}

async function editOnce(document: ModelDocument, history: EditHistory, { random, files, done }: { random: Random; files: MemoryFiles; done: unknown[] }): Promise<void> {
  const command = randomCommand(document, random, files)
  if (!command) return
  done.push(command)
  // As it would come from the window.
  const parsed = EditCommand.parse(JSON.parse(JSON.stringify(command)))
  const before = joinPieces(encodeModel(document.model))
  try {
    const transaction = await document.transact(command.kind, async (edit) => void (await applyEdits(edit, [parsed], { files })))
    if (transaction.changes.length > 0) history.push(transaction)
    outcomes.edits++
  } catch (error) {
    if (!(error instanceof AppError)) throw new Error(`${command.kind}: ${(error as Error).stack ?? ''}\nafter ${JSON.stringify(done)}`, { cause: error })
    outcomes.refused++
    expect(error.message).not.toBe('')
    expect(Buffer.compare(joinPieces(encodeModel(document.model)), before), `a refused ${command.kind} left something behind`).toBe(0)
  }
}

async function mustOpenOrBeRefused(document: ModelDocument, context: () => string): Promise<void> {
  const bytes = joinPieces(encodeModel(document.model))
  const again = decodeModel(memorySource(bytes))
  expect(printModel(again), context()).toBe(printModel(document.model))
  const errors = checkModel(document, inferTypes(document)).filter(({ severity }) => severity === 'error')
  if (errors.length > 0) {
    outcomes.refusedByChecker++
    expect(errors[0]?.message).not.toBe('')
    return
  }
  try {
    const running = await createOrtRunner({ scratchFolder }).load(again, { optimization: 'none', threads: 1 })
    await running.close()
    outcomes.loaded++
  } catch (error) {
    expect(error, context()).toBeInstanceOf(AppError)
    expect((error as AppError).message, context()).toMatch(/^onnxruntime could not load the model: ./)
    outcomes.refusedByRuntime++
  }
}

const paths = chosenModels()

describe('random edits on real models', () => {
  test.each(paths.map((path, at) => [relative(join(import.meta.dirname, '../..'), path), path, at] as const))('%s', { timeout: 3_600_000 }, async (_, path, at) => {
    const original = new Uint8Array(readFileSync(path))
    const document = new ModelDocument(decodeModel(memorySource(original)))
    const count = Math.ceil(SEQUENCES / paths.length)
    for (let sequence = 0; sequence < count; sequence++) {
      await runSequence(document, original, { random: seededRandom(SEED * 1_000_003 + at * 10_007 + sequence), loads: sequence % LOADED === 0 })
    }
  })

  test.skipIf(paths.length < 12)('are mostly carried out, and those that are refused say why (skipped where the models are not there)', () => {
    expect(outcomes.edits).toBeGreaterThan(outcomes.refused / 2)
    expect(outcomes.loaded).toBeGreaterThan(0)
    console.log(`random edits: ${JSON.stringify(outcomes)}`)
  })
})

test('a view brought up to date by changes is the view made anew', async () => {
  const path = modelFiles(ownModelsFolder)[0]
  if (path === undefined) throw new Error('the samples are missing')
  for (let seed = 0; seed < 20; seed++) {
    const document = new ModelDocument(decodeModel(memorySource(new Uint8Array(readFileSync(path)))))
    const { graph } = document.model
    const shown = showGraph({ document, graph, types: inferTypes(document) })
    let view = shown.view
    let snapshot: GraphSnapshot = shown.snapshot
    const history = new EditHistory(document)
    const random = seededRandom(seed)
    const files = new MemoryFiles()
    for (let step = 0; step < 12; step++) {
      if (random.below(4) === 0 && history.revision > 0) history.goTo(random.below(history.revision))
      else await editOnce(document, history, { random, files, done: [] })
      const source = { document, graph, types: inferTypes(document) }
      const next = graphChange(snapshot, source)
      snapshot = next.snapshot
      view = updated(view, next.change)
      expect(view).toEqual(showGraph(source).view)
    }
  }
})

type View = ReturnType<typeof showGraph>['view']
type Change = ReturnType<typeof graphChange>['change']

/** As the window does it. */
function updated(view: View, change: Change): View {
  if (!change) return view
  const { nodes: changed, removedNodes, nodeOrder, values, removedValues } = change
  const nodes = new Map(view.nodes.map((node) => [node.id, node]))
  for (const id of removedNodes) nodes.delete(id)
  for (const node of changed) nodes.set(node.id, node)
  const order = nodeOrder ?? [...nodes.keys()]
  const known = { ...view.values, ...values }
  for (const name of removedValues) delete known[name]
  return {
    ...view,
    name: change.name ?? view.name,
    inputs: change.inputs ?? view.inputs,
    outputs: change.outputs ?? view.outputs,
    initializers: change.initializers ?? view.initializers,
    inputNames: change.inputNames ?? view.inputNames,
    nodes: order.flatMap((id) => nodes.get(id) ?? []),
    values: known,
  }
}
