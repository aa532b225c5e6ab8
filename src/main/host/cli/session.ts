import { AppError } from '#shared/errors'
import type { JobEvent, JobKind, JobProgress, JobResult } from '#shared/ipc/jobs'
import type { RequestName, RequestParams, RequestResult } from '#shared/ipc/contract'
import { answerError } from '../../engine/protocol'
import { openHome } from '../../workspace/home'
import { packageVersion } from '../app-root'
import { builtEngineCommand } from '../engine-command'
import type { EngineCommand } from '../engine-process'
import { createShell, type Shell } from '../shell'
import { openJobRecorder, type RecordTargets } from './job-recorder'
import { createProgressLine } from './progress-line'

const CLIENT = 'terminal'

/** What a command does its work with. */
export interface Session {
  /** Throws AppError. */
  readonly request: <N extends RequestName>(name: N, params: RequestParams<N>) => Promise<RequestResult<N>>
  /** Runs a job to its end, with progress on stderr; Ctrl-C cancels it. Throws AppError. */
  readonly runJob: <K extends JobKind>(start: Extract<RequestParams<'job.start'>, { kind: K }>, onProgress?: (progress: JobProgress) => void) => Promise<JobResult<K>>
}

export interface SessionOptions {
  readonly appRoot: string
  readonly engine?: EngineCommand
  readonly records?: RecordTargets
}

/** Starts a shell of its own for one command, and ends every process of it afterwards. */
export async function withSession<T>({ appRoot, engine, records = {} }: SessionOptions, work: (session: Session) => Promise<T>): Promise<T> {
  const shell = createShell({ host: 'cli', home: openHome(), appRoot, engine: engine ?? builtEngineCommand(appRoot) })
  const interruption = watchInterruption()
  try {
    const recorder = openJobRecorder(records, packageVersion(appRoot))
    shell.subscribe(CLIENT, (event) => event.name === 'job' && recorder.receive(event.payload))
    const session: Session = {
      request: (name, params) => Promise.race([ask(shell, name, params), interruption.asError]),
      runJob: (start, onProgress) => runJob(shell, start, { interrupted: interruption.requested, onProgress }),
    }
    try {
      return await work(session)
    } finally {
      await recorder.close()
    }
  } finally {
    interruption.stop()
    await shell.dispose()
  }
}

async function ask<N extends RequestName>(shell: Shell, name: N, params: RequestParams<N>): Promise<RequestResult<N>> {
  const answer = await shell.request(CLIENT, name, params)
  if (!answer.ok) throw answerError(answer.error)
  return answer.value as RequestResult<N>
}

interface JobWatch {
  readonly interrupted: Promise<void>
  readonly onProgress: ((progress: JobProgress) => void) | undefined
}

/** Several may run at once: each listens for its own events, which may come before its number is known. */
async function runJob<K extends JobKind>(shell: Shell, start: RequestParams<'job.start'>, { interrupted, onProgress }: JobWatch): Promise<JobResult<K>> {
  const line = createProgressLine(process.stderr)
  let settle = (_event: JobEvent) => undefined as void
  const ended = new Promise<JobEvent>((resolve) => (settle = resolve))
  let ownId: string | null = null
  const early: JobEvent[] = []
  const receive = (event: JobEvent) => {
    if (event.jobId !== ownId) return
    if (event.type === 'progress') {
      line.show(progressText(event.progress))
      onProgress?.(event.progress)
    } else if (event.type !== 'queued') settle(event)
  }
  const unsubscribe = shell.subscribe(CLIENT, (event) => {
    if (event.name !== 'job') return
    if (ownId === null) early.push(event.payload)
    else receive(event.payload)
  })
  try {
    const { jobId } = await ask(shell, 'job.start', start)
    ownId = jobId
    for (const event of early) receive(event)
    void interrupted.then(() => shell.request(CLIENT, 'job.cancel', { jobId }))
    const event = await ended
    if (event.type === 'done') return event.result as JobResult<K>
    throw event.type === 'failed' ? answerError(event.error) : cancelled()
  } finally {
    unsubscribe()
    line.clear()
  }
}

function progressText({ phase, fraction, detail }: JobProgress): string {
  const percent = fraction === null ? '' : ` ${String(Math.round(fraction * 100))} %`
  return `${phase}${percent}${detail === '' ? '' : `  ${detail}`}`
}

function cancelled(): AppError {
  return new AppError({ code: 'cancelled', message: 'Cancelled.' })
}

/** The first Ctrl-C (or SIGTERM) cancels; a second one ends the process as usual. */
function watchInterruption(): { requested: Promise<void>; asError: Promise<never>; stop(): void } {
  let fire = () => undefined as void
  const requested = new Promise<void>((resolve) => (fire = resolve))
  const asError = requested.then(() => {
    throw cancelled()
  })
  // Seen only by those who race it.
  asError.catch(() => undefined)
  const onSignal = () => {
    fire()
    stop()
  }
  const stop = () => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, onSignal)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, onSignal)
  return { requested, asError, stop }
}
