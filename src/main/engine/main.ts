/**
 * Entry of an engine process: a plain Node child of the shell that holds the open documents, or runs one job.
 * It never outlives its parent: the closed channel ends it.
 */
process.env['ORT_DISABLE_TELEMETRY'] = '1'

import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { AppError, toErrorData } from '#shared/errors'
import type { Answer } from '#shared/ipc/contract'
import type { JobProgress } from '#shared/ipc/jobs'
import type { LayerQuality } from '#shared/measurement'
import { openDrafts } from '../workspace/drafts'
import { createDocuments } from './documents'
import { loadCheckOf } from './load-check'
import { type FromEngine, ToEngine } from './protocol'
import type { TryModels } from './try/try-models'

const PROGRESS_INTERVAL_MS = 50

const [, program = ''] = process.argv
/** Where unsaved edits are kept; without it they are not. */
const { drafts } = parseArgs({ options: { drafts: { type: 'string' } } }).values
const documents = createDocuments({ drafts: drafts === undefined ? null : openDrafts(drafts), loadCheck: loadCheckOf(program) })
const cancellation = new AbortController()

function send(message: FromEngine, done?: () => void): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => done?.())
}

async function answerOf(work: () => unknown): Promise<Answer> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    const data = toErrorData(error)
    // Our own bugs leave their stack in the log; the person gets the sentence.
    if (data.code === 'internal') process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    return { ok: false, error: data }
  }
}

async function answerRequest(id: number, work: () => unknown): Promise<void> {
  send({ type: 'answer', id, answer: await answerOf(work) })
}

async function runOnlyJob(message: Extract<ToEngine, { type: 'job' }>): Promise<void> {
  let lastPhase = ''
  let lastSentAt = 0
  /** Measured since the last message, by node: messages are left out, what they tell of layers is not. */
  const layers = new Map<number, LayerQuality>()
  let evaluation: JobProgress['evaluation']
  const progress = (update: JobProgress) => {
    for (const layer of update.layers ?? []) layers.set(layer.nodeId, layer)
    const now = performance.now()
    if (update.phase === lastPhase && now - lastSentAt < PROGRESS_INTERVAL_MS) return
    lastPhase = update.phase
    lastSentAt = now
    send({ type: 'progress', progress: { ...update, layers: layers.size === 0 ? undefined : [...layers.values()], evaluation } })
    evaluation = undefined
    layers.clear()
  }
  const answer = await answerOf(async () => {
    // Loaded only here: a process that merely holds documents needs no onnxruntime.
    const { runJob } = await import('./jobs/run-job')
    return runJob(message.kind, message.params, {
      scratchFolder: message.scratchFolder,
      signal: cancellation.signal,
      progress: (phase, fraction, detail, measured) => progress({ phase, fraction, detail: detail ?? '', layers: measured }),
      showEvaluation: (partial) => void (evaluation = partial),
    })
  })
  send({ type: 'end', answer }, () => process.exit(0))
}

let tryModels: Promise<TryModels> | null = null

async function answerTry({ call, scratchFolder }: Extract<ToEngine, { type: 'try' }>): Promise<unknown> {
  // Loaded only here, as for jobs.
  tryModels ??= import('./try/try-models').then(({ createTryModels }) => createTryModels({ scratchFolder }))
  const models = await tryModels
  switch (call.name) {
    case 'describe':
      return models.describe(call.params.modelPath)
    case 'run':
      return models.run(call.params)
    case 'portable':
      return models.portable(call.params)
    case 'read':
      return models.read(call.params)
  }
}

async function loadOnly(path: string): Promise<void> {
  const answer = await answerOf(async () => {
    const { createOrtRunner } = await import('../runtime/ort-runner')
    const running = await createOrtRunner({ scratchFolder: tmpdir() }).loadFile(path, { optimization: 'none', plainWeights: true, threads: 1 })
    await running.close()
    return {}
  })
  send({ type: 'end', answer }, () => process.exit(0))
}

function receive(raw: unknown): void {
  const message = ToEngine.parse(raw)
  switch (message.type) {
    case 'request':
      void answerRequest(message.id, () => documents.request(message.name, message.params))
      return
    case 'reopen':
      void answerRequest(message.id, () => documents.reopen(message.documentId, message.path))
      return
    case 'copy':
      void answerRequest(message.id, () => documents.copy(message.from, message.to, message.metadata))
      return
    case 'hash':
      void answerRequest(message.id, () => documents.hash(message.path))
      return
    case 'job':
      void runOnlyJob(message)
      return
    case 'try':
      void answerRequest(message.id, () => answerTry(message))
      return
    case 'load':
      void loadOnly(message.path)
      return
    case 'cancel':
      cancellation.abort(new AppError({ code: 'cancelled', message: 'The work was cancelled.' }))
  }
}

process.on('message', receive)
process.on('disconnect', () => process.exit(0))
// Ctrl-C in a terminal reaches the whole process group; the shell decides when its engine ends.
process.on('SIGINT', () => undefined)
process.on('SIGHUP', () => undefined)

if (!process.send) {
  process.stderr.write('This is the engine of Edgefit; the studio and the command line start it themselves.\n')
  process.exit(2)
}
send({ type: 'ready' })
