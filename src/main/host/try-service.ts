import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Answer } from '#shared/ipc/contract'
import type { TryCall } from '#shared/samples/try'
import { answerError } from '../engine/protocol'
import { crashError, type EngineCommand, type EngineProcess, startEngineProcess } from './engine-process'
import type { Log } from './log-file'

export interface TryService {
  /** Starts the client's process where it is not running. Throws AppError, `engine-crashed` too. */
  ask(clientId: string, call: TryCall): Promise<unknown>
  /** Ends the client's process; its models are no longer loaded. */
  close(clientId: string): Promise<void>
  /** Process ids, for tests. */
  pids(): number[]
  dispose(): Promise<void>
}

interface Tried {
  readonly process: EngineProcess
  readonly folder: string
  readonly pending: Map<number, { settle(answer: Answer): void; fail(error: Error): void }>
}

/**
 * Processes that keep models loaded while somebody tries them, one for each window: onnxruntime stays out of the shell, and jobs need
 * not wait. One that dies is started again with the next question.
 */
export function createTryService({ command, jobsFolder, log }: { command: EngineCommand; jobsFolder: string; log: Log }): TryService {
  const byClient = new Map<string, Tried>()
  let nextId = 1

  function start(clientId: string): Tried {
    // Named as those of jobs are: what a killed shell leaves is removed at the next start.
    const folder = join(jobsFolder, `${String(process.pid)}-try-${clientId}`)
    mkdirSync(folder, { recursive: true })
    const pending: Tried['pending'] = new Map()
    const child = startEngineProcess(command, (message) => {
      if (message.type !== 'answer') return
      pending.get(message.id)?.settle(message.answer)
      pending.delete(message.id)
    })
    const tried = { process: child, folder, pending }
    byClient.set(clientId, tried)
    log.write('info', `models are tried in process ${String(child.pid)}`)
    void child.exited.then((exit) => {
      if (byClient.get(clientId) === tried) byClient.delete(clientId)
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
      for (const waiting of pending.values()) waiting.fail(crashError(exit, 'tried a model'))
      pending.clear()
    })
    return tried
  }

  async function close(clientId: string): Promise<void> {
    const tried = byClient.get(clientId)
    byClient.delete(clientId)
    await tried?.process.kill()
  }

  return {
    ask(clientId, call) {
      const { process: child, folder, pending } = byClient.get(clientId) ?? start(clientId)
      const id = nextId++
      return new Promise((resolve, reject) => {
        pending.set(id, { settle: (answer) => (answer.ok ? resolve(answer.value) : reject(answerError(answer.error))), fail: reject })
        child.send({ type: 'try', id, call, scratchFolder: folder })
      })
    },
    close,
    pids: () => [...byClient.values()].map(({ process: child }) => child.pid),
    async dispose() {
      await Promise.all([...byClient.keys()].map(close))
    },
  }
}
