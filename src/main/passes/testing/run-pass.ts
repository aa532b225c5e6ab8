/** Running single passes in tests, with onnxruntime as the runner. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { Diagnostic } from '#shared/diagnostic'
import type { LayerChange } from '#shared/ipc/jobs'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { ModelDocument, type Transaction } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import { printModel } from '#shared/onnx/text/print'
import type { Feeds, LocalRunner, RunnerOptions, TensorValue } from '../../runtime/model-runner'
import { createOrtRunner } from '../../runtime/ort-runner'
import { bytesOf } from '#shared/onnx/tensor-data'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { CalibrationData, Pass, PassContext } from '../pass'

/** Where third-party models stand beside a checkout, on machines that have them. */
export const sharedModels = join(import.meta.dirname, '../../../../../shared/models')
export const ownSamples = join(import.meta.dirname, '../../../../resources/samples')

const scratchFolder = mkdtempSync(join(tmpdir(), 'edgefit-passes-'))
afterAll(() => rmSync(scratchFolder, { recursive: true, force: true }))

export const runner: LocalRunner = createOrtRunner({ scratchFolder })

export interface PassRun {
  readonly document: ModelDocument
  readonly transaction: Transaction
  readonly diagnostics: readonly Diagnostic[]
  readonly layers: readonly LayerChange[]
}

/** Runs `pass` with `options` (defaults filled in) as one transaction. */
export async function runPass(model: Model | ModelDocument, pass: Pass, options: Record<string, unknown> = {}, calibration: CalibrationData | null = null): Promise<PassRun> {
  const document = model instanceof ModelDocument ? model : new ModelDocument(model)
  const diagnostics: Diagnostic[] = []
  const layers: LayerChange[] = []
  const context: PassContext = { calibration, runner, float: null, signal: new AbortController().signal, progress: () => undefined, report: (found) => void diagnostics.push(found), reportLayer: (change) => void layers.push(change) }
  const transaction = await document.transact(pass.name, (edit) => pass.run(edit, pass.options.parse(options), context))
  return { document, transaction, diagnostics, layers }
}

export function opCounts({ model }: ModelDocument): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { opType } of model.graph.nodes) counts[opType] = (counts[opType] ?? 0) + 1
  return counts
}

/** Text and bytes: what must be equal after undo. */
export function snapshot({ model }: ModelDocument): { text: string; bytes: string } {
  return { text: printModel(model), bytes: Buffer.from(joinPieces(encodeModel(model))).toString('base64') }
}

export function float32Tensor(dims: readonly number[], values: Iterable<number>): TensorValue {
  return { dataType: DATA_TYPES.float32.code, dims, bytes: bytesOf(Float32Array.from(values)) }
}

/** `count` samples of the same shapes with numbers in -1 … 1, always the same ones. */
export function testData(inputs: Readonly<Record<string, readonly number[]>>, count = 3): CalibrationData {
  const make = (dims: readonly number[], number: number) =>
    float32Tensor(dims, Array.from({ length: dims.reduce((product, dim) => product * dim, 1) }, (_, at) => ((at * 37 + number * 11) % 101) / 50 - 1))
  return {
    sampleCount: count,
    description: 'test',
    synthetic: true,
    async *samples() {
      for (let number = 0; number < count; number++) yield new Map(Object.entries(inputs).map(([name, dims]) => [name, make(dims, number)]))
    },
  }
}

/** Values of the first output for each sample, one after another. */
export async function outputsOf(model: Model | ModelDocument, data: CalibrationData, options: RunnerOptions = {}): Promise<Float32Array> {
  const running = await runner.load(model, { exactIntegers: true, ...options })
  const values: number[] = []
  try {
    for await (const feeds of data.samples()) values.push(...(await firstOutput(running, feeds)))
  } finally {
    await running.close()
  }
  return Float32Array.from(values)
}

async function firstOutput(running: Awaited<ReturnType<LocalRunner['load']>>, feeds: Feeds): Promise<Float32Array> {
  const [value] = (await running.run(feeds)).values()
  if (!value) throw new Error('internal: no output')
  return new Float32Array(value.bytes.slice().buffer)
}

/** ‖a − b‖ / ‖a‖. */
export function relativeError(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity
  let [difference, size] = [0, 0]
  for (let at = 0; at < a.length; at++) {
    difference += ((a[at] ?? 0) - (b[at] ?? 0)) ** 2
    size += (a[at] ?? 0) ** 2
  }
  return Math.sqrt(difference / size)
}
