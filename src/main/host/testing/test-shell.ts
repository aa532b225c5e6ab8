/** A shell with a real engine for tests: built from the source as it is now, in a home of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import { afterAll } from 'vitest'
import type { EventName, EventPayload, RequestName, RequestParams, RequestResult } from '#shared/ipc/contract'
import type { JobEvent } from '#shared/ipc/jobs'
import { answerError } from '../../engine/protocol'
import { type Home, openHome } from '../../workspace/home'
import type { EngineCommand } from '../engine-process'
import { createShell, type Shell, type ShellEvent } from '../shell'
import { appRoot } from './sample'

export const sourceEngine: EngineCommand = { node: process.execPath, args: [join(await buildEngine(), 'engine.js')] }

/** Once for each test file; a file of its own, since others may be building at the same time. */
async function buildEngine(): Promise<string> {
  const outDir = join(appRoot, 'out', 'test', `engine-${String(process.pid)}`)
  await build({
    configFile: false,
    root: appRoot,
    logLevel: 'error',
    build: { ssr: true, target: 'node20', outDir, minify: false, rollupOptions: { input: { engine: join(appRoot, 'src/main/engine/main.ts') } } },
  })
  afterAll(() => rmSync(outDir, { recursive: true, force: true }))
  return outDir
}

export interface TestClient {
  readonly events: ShellEvent[]
  /** Throws AppError. */
  request<N extends RequestName>(name: N, params: RequestParams<N>): Promise<RequestResult<N>>
  /** The first event, past or to come, that `matches`. */
  next<N extends EventName>(name: N, matches: (payload: EventPayload<N>) => boolean): Promise<EventPayload<N>>
  /** Events of one job, in order. */
  jobEvents(jobId: string): JobEvent[]
  jobEnd(jobId: string): Promise<JobEvent>
}

export interface TestShell {
  readonly shell: Shell
  readonly home: Home
  client(id: string): TestClient
  dispose(): Promise<void>
}

export function createTestShell({ engine = sourceEngine }: { engine?: EngineCommand } = {}): TestShell {
  const folder = mkdtempSync(join(tmpdir(), 'edgefit-test-'))
  const home = openHome(folder)
  const shell = createShell({ host: 'browser', home, appRoot, engine })
  return {
    shell,
    home,
    client: (id) => connect(shell, id),
    async dispose() {
      await shell.dispose()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function connect(shell: Shell, id: string): TestClient {
  const events: ShellEvent[] = []
  const watchers = new Set<() => void>()
  shell.subscribe(id, (event) => {
    events.push(event)
    watchers.forEach((watch) => watch())
  })
  const jobEvents = (jobId: string) => events.flatMap((event) => (event.name === 'job' && event.payload.jobId === jobId ? [event.payload] : []))
  const next: TestClient['next'] = (name, matches) =>
    new Promise((resolve) => {
      const look = () => {
        const found = events.find((event) => event.name === name && matches(event.payload as never))
        if (!found) return
        watchers.delete(look)
        resolve(found.payload as never)
      }
      watchers.add(look)
      look()
    })
  return {
    events,
    async request(name, params) {
      const answer = await shell.request(id, name, params)
      if (!answer.ok) throw answerError(answer.error)
      return answer.value as never
    },
    next,
    jobEvents,
    jobEnd: (jobId) => next('job', (event) => event.jobId === jobId && ['done', 'failed', 'cancelled'].includes(event.type)),
  }
}
