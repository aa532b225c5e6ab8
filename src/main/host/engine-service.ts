import { AppError } from '#shared/errors'
import { type Answer, type EventPayload, OpenDocument } from '#shared/ipc/contract'
import { answerError, type EngineRequestName, type FromEngine, type ToEngine } from '../engine/protocol'
import { crashError, type EngineCommand, type EngineProcess, startEngineProcess } from './engine-process'
import type { Log } from './log-file'

/** So many ends in so short a time, and the engine is started again only when somebody asks for something. */
const CRASH_LIMIT = 4
const CRASH_WINDOW_MS = 30_000

export interface EngineService {
  /** Starts the process where it is not running: the first request then finds it ready. */
  start(): void
  request(owner: string, name: EngineRequestName, params: unknown): Promise<unknown>
  /** Copies a model with its external data; see the protocol's `copy`. */
  copyModel(from: string, to: string, metadata?: Readonly<Record<string, string>>): Promise<{ sizeBytes: number }>
  /** SHA-256 of a model; see the protocol's `hash`. Throws AppError as opening the model does. */
  hashModel(path: string): Promise<string>
  /** The id of the document that `owner` has open from `path`, or null. */
  documentAt(owner: string, path: string): string | null
  /** Paths of the documents that `owner` has open, and of the snapshots it had made of them. */
  openPaths(owner: string): string[]
  /** Closes what `owner` opened. */
  closeOwner(owner: string): void
  /** Process id of the running engine, or null. */
  pid(): number | null
  dispose(): Promise<void>
}

interface Pending {
  readonly work: string
  settle(answer: Answer): void
  fail(error: Error): void
}

type OutgoingRequest = Extract<ToEngine, { id: number }>
type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never

/**
 * The engine that holds the open documents: started with the first request, started again when it dies, and then the
 * documents are opened again under the same ids. A document whose reopening kills the engine once more is given up.
 */
export function createEngineService(options: { command: EngineCommand; log: Log; onEvent: (event: EventPayload<'engine'>) => void }): EngineService {
  const { command, log, onEvent } = options
  const documents = new Map<string, { path: string; owner: string; copies: string[] }>()
  const pending = new Map<number, Pending>()
  let nextId = 1
  let engine: EngineProcess | null = null
  /** Settled when the engine is up and has its documents again. */
  let restarting: Promise<void> | null = null
  let disposed = false
  const crashes: number[] = []

  function start(): EngineProcess {
    if (disposed) throw new AppError({ code: 'cancelled', message: 'The studio is closing.' })
    const started = startEngineProcess(command, (message) => receive(message))
    log.write('info', `engine process ${String(started.pid)} started`)
    engine = started
    void started.exited.then((exit) => {
      if (engine === started) engine = null
      if (exit.stopped) return
      log.write('error', `engine process ${String(started.pid)} ended: code ${String(exit.code)}, signal ${String(exit.signal)}\n${exit.stderrTail}`)
      const waiting = [...pending.values()]
      pending.clear()
      for (const request of waiting) request.fail(crashError(exit, request.work))
      if (!disposed && !restarting) restarting = restart().finally(() => (restarting = null))
    })
    return started
  }

  function receive(message: FromEngine): void {
    if (message.type !== 'answer') return
    const request = pending.get(message.id)
    pending.delete(message.id)
    request?.settle(message.answer)
  }

  function ask(message: WithoutId<OutgoingRequest>, work: string): Promise<unknown> {
    const running = engine ?? start()
    const id = nextId++
    return new Promise((resolve, reject) => {
      pending.set(id, {
        work,
        settle: (answer) => (answer.ok ? resolve(answer.value) : reject(answerError(answer.error))),
        fail: reject,
      })
      running.send({ ...message, id })
    })
  }

  async function restart(): Promise<void> {
    const now = Date.now()
    crashes.push(now)
    while (crashes[0] !== undefined && now - crashes[0] > CRASH_WINDOW_MS) crashes.shift()
    if (crashes.length >= CRASH_LIMIT) {
      const lost = [...documents.keys()]
      documents.clear()
      crashes.length = 0
      onEvent({ state: 'failed', message: 'The engine process keeps stopping and was not started again. Open the model again to try once more.', lostDocuments: lost })
      return
    }
    onEvent({ state: 'restarting', message: 'The engine process stopped and is being started again.', lostDocuments: [] })
    const lost: string[] = []
    for (const [documentId, { path }] of [...documents]) {
      try {
        await ask({ type: 'reopen', documentId, path }, `opened '${path}' again`)
      } catch (error) {
        log.write('error', `'${path}' could not be opened again: ${(error as Error).message}`)
        documents.delete(documentId)
        lost.push(documentId)
      }
    }
    if (disposed) return
    if (!engine) start()
    const message = lost.length === 0 ? 'The engine process stopped and was started again. Nothing was lost.' : 'The engine process was started again. Some models could not be opened again.'
    onEvent({ state: 'restarted', message, lostDocuments: lost })
  }

  async function hashOnce(path: string): Promise<string> {
    if (restarting) await restarting
    return (await ask({ type: 'hash', path }, `read '${path}'`)) as string
  }

  return {
    start: () => void (engine ?? start()),
    async request(owner, name, params) {
      if (restarting) await restarting
      const value = await ask({ type: 'request', name, params }, `answered '${name}'`)
      if (name === 'model.open') {
        const { documentId, summary } = OpenDocument.parse(value)
        documents.set(documentId, { path: summary.path, owner, copies: [] })
      } else if (name === 'model.save') {
        const document = documents.get((params as { documentId: string }).documentId)
        if (document) document.path = (value as { path: string }).path
      } else if (name === 'document.snapshot' || (name === 'model.exportTensor' && (params as { path: string | null }).path === null)) {
        const document = documents.get((params as { documentId: string }).documentId)
        if (document) document.copies = [...document.copies, (value as { path: string }).path]
      } else if (name === 'model.close') {
        documents.delete((params as { documentId: string }).documentId)
      }
      return value
    },
    async copyModel(from, to, metadata = {}) {
      if (restarting) await restarting
      return (await ask({ type: 'copy', from, to, metadata: { ...metadata } }, `wrote '${to}'`)) as { sizeBytes: number }
    },
    async hashModel(path) {
      try {
        return await hashOnce(path)
      } catch (error) {
        // Whoever asks for variants need not know that an engine died meanwhile.
        if (error instanceof AppError && error.code === 'engine-crashed') return hashOnce(path)
        throw error
      }
    },
    documentAt: (owner, path) => [...documents].find(([, document]) => document.owner === owner && document.path === path)?.[0] ?? null,
    openPaths: (owner) => [...documents.values()].filter((document) => document.owner === owner).flatMap(({ path, copies }) => [path, ...copies]),
    closeOwner(owner) {
      for (const [documentId, document] of [...documents]) {
        if (document.owner !== owner) continue
        documents.delete(documentId)
        if (engine) ask({ type: 'request', name: 'model.close', params: { documentId, draft: 'keep' } }, `closed '${document.path}'`).catch((error: unknown) => log.write('warning', String(error)))
      }
    },
    pid: () => engine?.pid ?? null,
    async dispose() {
      disposed = true
      await engine?.kill()
      for (const request of pending.values()) request.fail(new AppError({ code: 'cancelled', message: 'The studio is closing.' }))
      pending.clear()
    },
  }
}
