import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { basename, join, parse } from 'node:path'
import { AppError, toErrorData } from '#shared/errors'
import type { Answer, ParsedParams } from '#shared/ipc/contract'
import { type JobEvent, type JobKind, type JobParams, jobKinds } from '#shared/ipc/jobs'
import { answerError } from '../engine/protocol'
import { isAlive } from '../runtime/is-alive'
import { crashError, type EngineCommand, type EngineExit, type EngineProcess, startEngineProcess } from './engine-process'
import type { Log } from './log-file'
import { holdSnapshots, type Snapshot, withPaths } from './snapshots'

/** How long a job may take to stop by itself before its process is killed. */
const GRACE_MS = 400
/**
 * A job makes many large buffers that live shortly; with a small young generation V8 lets go of them sooner. It computes in onnxruntime's
 * threads, one for each core: V8's own, four by default, would only take turns with them.
 */
export const JOB_FLAGS = ['--max-semi-space-size=2', '--v8-pool-size=1']
/** glibc keeps freed memory for each thread that asked for some; with one pool for all, a job's size stays with what it holds. */
export const JOB_ENVIRONMENT = { MALLOC_ARENA_MAX: '1' }
/** What runs on a phone takes its files off it first. */
const PHONE_GRACE_MS = 3000

export type JobRequest = ParsedParams<'job.start'>

export interface JobQueue {
  /** Where models have unsaved edits, the job runs on their snapshots; request and result name the models by their own paths. */
  start(owner: string, request: JobRequest, snapshots?: readonly Snapshot[]): { jobId: string }
  /** Resolves once the work has stopped; a job that has ended already is left as it is. */
  cancel(owner: string, jobId: string): Promise<void>
  /** Cancels all that `owner` started. */
  cancelOwner(owner: string): Promise<void>
  /** Process id of the job under way, or null; of the first where there are several. */
  runningPid(): number | null
  dispose(): Promise<void>
}

export interface FinishedJob {
  readonly request: JobRequest
  /** What stood for models with unsaved edits; there until the job is kept. */
  readonly snapshots: readonly Snapshot[]
  /** Parsed by the contract. */
  readonly result: unknown
  /** An optimised model meant for the store is here, as `model.onnx`. */
  readonly stagedFolder: string
}

interface Job {
  readonly id: string
  readonly owner: string
  readonly request: JobRequest
  readonly snapshots: readonly Snapshot[]
  /** Scratch, snapshots and result; gone when the job has ended. */
  readonly folder: string
  startedAt: number
  process: EngineProcess | null
  cancelled: boolean
  /** Resolves after the terminal event. */
  readonly ended: Promise<void>
  end(): void
}

/**
 * Runs one job at a time, each in an engine process of its own: two at once would spoil each other's latency and memory
 * figures. Only deploys to different phones run side by side (what they time here they time in turns). `complete` stores what
 * a finished job made and returns the result as the window sees it.
 */
export function createJobQueue(options: {
  command: EngineCommand
  jobsFolder: string
  log: Log
  onEvent: (owner: string, event: JobEvent) => void
  complete: (job: FinishedJob) => Promise<unknown>
}): JobQueue {
  const { command, jobsFolder, log, onEvent, complete } = options
  const waiting: Job[] = []
  const running = new Set<Job>()
  removeLeftovers(jobsFolder)

  function startNext(): void {
    const [job] = waiting.filter(mayStart)
    if (!job) return
    waiting.splice(waiting.indexOf(job), 1)
    running.add(job)
    void run(job).finally(() => {
      running.delete(job)
      job.end()
      startNext()
    })
    startNext()
  }

  /** Nothing overtakes a job that needs the computer to itself. */
  function mayStart(job: Job, at: number): boolean {
    const phone = phoneOf(job)
    if (phone === null) return at === 0 && running.size === 0
    const before = [...running, ...waiting.slice(0, at)]
    return before.every((other) => phoneOf(other) !== null && phoneOf(other) !== phone)
  }

  async function run(job: Job): Promise<void> {
    job.startedAt = performance.now()
    try {
      const result = await work(job)
      finish(job, { type: 'done', result })
    } catch (error) {
      cleanUpAfter(job.request)
      if (job.cancelled) finish(job, { type: 'cancelled' })
      else finish(job, { type: 'failed', error: toErrorData(error) })
    } finally {
      removeFolder(job.folder)
    }
  }

  function cleanUpAfter(request: JobRequest): void {
    try {
      removeUnfinishedOutput(request)
    } catch (error) {
      log.write('warning', `what a job left of its output could not be removed: ${(error as Error).message}`)
    }
  }

  async function work(job: Job): Promise<unknown> {
    const scratchFolder = join(job.folder, 'scratch')
    const stagedFolder = join(job.folder, 'result')
    mkdirSync(scratchFolder, { recursive: true })
    mkdirSync(stagedFolder)
    const { answer, exit } = await runProcess(job, scratchFolder, stagedFolder)
    if (!answer) throw crashError(exit, `was at '${titleOf(job.request)}'`)
    if (!answer.ok) throw answerError(answer.error)
    const result = withPaths(jobKinds[job.request.kind].result.parse(answer.value), job.snapshots, 'model')
    return complete({ request: job.request, snapshots: job.snapshots, result, stagedFolder })
  }

  async function runProcess(job: Job, scratchFolder: string, stagedFolder: string): Promise<{ answer: Answer | null; exit: EngineExit }> {
    let answer: Answer | null = null
    const child = startEngineProcess({ ...command, args: [...JOB_FLAGS, ...command.args], environment: JOB_ENVIRONMENT }, (message) => {
      if (message.type === 'progress') onEvent(job.owner, { type: 'progress', jobId: job.id, progress: message.progress })
      else if (message.type === 'end') answer = message.answer
    })
    job.process = child
    log.write('info', `job ${job.id} (${job.request.kind}) runs in process ${String(child.pid)}`)
    child.send({ type: 'job', kind: job.request.kind, params: withPaths(engineParams(job.request, stagedFolder), job.snapshots, 'snapshot'), scratchFolder })
    if (job.cancelled) await child.kill()
    const exit = await child.exited
    job.process = null
    return { answer, exit }
  }

  function finish(job: Job, end: { type: 'done'; result: unknown } | { type: 'failed'; error: ReturnType<typeof toErrorData> } | { type: 'cancelled' }): void {
    const durationMs = job.startedAt === 0 ? 0 : performance.now() - job.startedAt
    const detail = end.type === 'failed' ? `: ${end.error.code}: ${end.error.message}` : ''
    log.write(end.type === 'failed' ? 'error' : 'info', `job ${job.id} ${end.type} after ${durationMs.toFixed(0)} ms${detail}`)
    onEvent(job.owner, { ...end, jobId: job.id, durationMs })
  }

  async function cancelJob(job: Job): Promise<void> {
    if (job.cancelled) return job.ended
    job.cancelled = true
    const at = waiting.indexOf(job)
    if (at >= 0) {
      waiting.splice(at, 1)
      finish(job, { type: 'cancelled' })
      removeFolder(job.folder)
      job.end()
      return
    }
    const child = job.process
    child?.send({ type: 'cancel' })
    const timer = setTimeout(() => void child?.kill(), usesPhone(job.request) ? PHONE_GRACE_MS : GRACE_MS)
    await job.ended
    clearTimeout(timer)
  }

  const all = () => [...running, ...waiting]
  return {
    start(owner, request, snapshots = []) {
      const id = randomUUID()
      let end = () => undefined as void
      const ended = new Promise<void>((resolve) => (end = resolve))
      const folder = join(jobsFolder, `${String(process.pid)}-${id}`)
      const job: Job = { id, owner, request, snapshots: holdSnapshots(snapshots, folder), folder, startedAt: 0, process: null, cancelled: false, ended, end: () => end() }
      waiting.push(job)
      const modelPath = request.kind === 'compare' ? request.params.b : request.params.modelPath
      onEvent(owner, { type: 'queued', jobId: id, kind: request.kind, title: titleOf(request), modelPath, revision: snapshots.find((snapshot) => snapshot.modelPath === modelPath)?.revision ?? snapshots[0]?.revision ?? null, at: new Date().toISOString() })
      startNext()
      return { jobId: id }
    },
    async cancel(owner, jobId) {
      const job = all().find(({ id }) => id === jobId)
      if (job && job.owner !== owner) throw new AppError({ code: 'not-found', message: 'This job belongs to another window.' })
      if (job) await cancelJob(job)
    },
    async cancelOwner(owner) {
      await Promise.all(all().filter((job) => job.owner === owner).map(cancelJob))
    },
    runningPid: () => [...running][0]?.process?.pid ?? null,
    async dispose() {
      await Promise.all(all().map(cancelJob))
    },
  }
}

function usesPhone({ kind, params }: JobRequest): boolean {
  return kind === 'deploy' || (kind === 'optimize' && params.phone !== undefined)
}

function phoneOf({ request }: Job): string | null {
  return request.kind === 'deploy' ? request.params.serial : null
}

function titleOf({ kind, params }: JobRequest): string {
  switch (kind) {
    case 'optimize':
    case 'preview':
      return params.recipe.name
    case 'profile':
    case 'sensitivity':
    case 'limits':
    case 'ort-graph':
    case 'prune-curves':
      return basename(params.modelPath)
    case 'deploy':
      return `${basename(params.modelPath)} → ${params.serial}`
    case 'layer-error':
      return `${basename(params.sourcePath)} / ${basename(params.modelPath)}`
    case 'evaluate':
      return `${basename(params.modelPath)} · ${params.metric}`
    case 'distribution':
      return `${basename(params.modelPath)} · ${params.value}`
    case 'compare':
      return `${basename(params.a)} / ${basename(params.b)}`
  }
}

/** The job process writes straight to its target where nothing is kept, else into the folder that the store takes over. */
function engineParams(request: JobRequest, stagedFolder: string): JobParams<JobKind> {
  if (request.kind === 'ort-graph') return { ...request.params, outputPath: request.params.outputPath ?? join(stagedFolder, `${parse(request.params.modelPath).name} (onnxruntime).onnx`) }
  if (request.kind !== 'optimize') return request.params
  const { keepVariant, outputPath } = request.params
  return { ...request.params, outputPath: keepVariant || outputPath === undefined ? join(stagedFolder, 'model.onnx') : outputPath }
}

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}

/** What a process that was killed, or died, left of the file it was writing (`atomic-write.ts` names it so). */
function removeUnfinishedOutput({ kind, params }: JobRequest): void {
  const path = kind === 'optimize' || kind === 'ort-graph' ? params.outputPath : kind === 'profile' ? params.tracePath : undefined
  if (path === undefined) return
  const { dir, base } = parse(path)
  if (!existsSync(dir)) return
  for (const name of readdirSync(dir)) {
    if (name.startsWith(`.${base.slice(0, 100)}`) && /\.[0-9a-f]{12}\.tmp$/.test(name)) rmSync(join(dir, name), { force: true })
  }
}

/** Folders of jobs whose shell is gone. */
function removeLeftovers(jobsFolder: string): void {
  if (!existsSync(jobsFolder)) return
  for (const name of readdirSync(jobsFolder)) {
    const pid = Number(name.split('-', 1)[0])
    if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) removeFolder(join(jobsFolder, name))
  }
}
