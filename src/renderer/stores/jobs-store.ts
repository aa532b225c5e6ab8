/** Jobs as the shell tells of them, newest first. */
import { create } from 'zustand'
import type { EventPayload } from '#shared/ipc/contract'
import type { JobKind, JobProgress } from '#shared/ipc/jobs'

type JobEventPayload = EventPayload<'job'>
type JobFailure = Extract<JobEventPayload, { type: 'failed' }>['error']

interface JobBase {
  readonly jobId: string
  readonly kind: JobKind
  readonly title: string
  readonly modelPath: string
  /** Of the document, where the job runs on edits that are not saved. */
  readonly revision: number | null
  /** ISO 8601. */
  readonly queuedAt: string
}

export type Job = JobBase &
  (
    | { readonly state: 'queued' }
    /** `startedAt` and `now` are epoch milliseconds of the first and the latest progress. */
    | { readonly state: 'running'; readonly progress: JobProgress; readonly startedAt: number; readonly now: number }
    | { readonly state: 'done'; readonly durationMs: number; readonly result: unknown }
    | { readonly state: 'failed'; readonly durationMs: number; readonly error: JobFailure }
    | { readonly state: 'cancelled'; readonly durationMs: number }
  )

interface JobsState {
  readonly jobs: readonly Job[]
  /** Takes in one event at time `now`, epoch ms. */
  readonly receive: (event: JobEventPayload, now: number) => void
  readonly clearFinished: () => void
}

/** Finished jobs kept; older ones are only in the log. */
const KEPT_JOBS = 100

export const useJobsStore = create<JobsState>()((set) => ({
  jobs: [],
  receive: (event, now) => set((state) => ({ jobs: withEvent(state.jobs, event, now) })),
  clearFinished: () => set((state) => ({ jobs: state.jobs.filter(isUnfinished) })),
}))

export function isUnfinished(job: Job): boolean {
  return job.state === 'queued' || job.state === 'running'
}

/** Time left in ms by the pace so far; null while too little is known to say. */
export function remainingMs(job: Job): number | null {
  if (job.state !== 'running' || job.progress.fraction === null || job.progress.fraction < 0.05) return null
  const elapsed = job.now - job.startedAt
  if (elapsed < 1000) return null
  return (elapsed * (1 - job.progress.fraction)) / job.progress.fraction
}

export function withEvent(jobs: readonly Job[], event: JobEventPayload, now: number): readonly Job[] {
  if (event.type === 'queued') {
    const { jobId, kind, title, modelPath, revision, at } = event
    return [{ state: 'queued' as const, jobId, kind, title, modelPath, revision, queuedAt: at }, ...jobs].slice(0, KEPT_JOBS)
  }
  return jobs.map((job) => (job.jobId === event.jobId && isUnfinished(job) ? nextState(job, event, now) : job))
}

function nextState(job: Job, event: Exclude<JobEventPayload, { type: 'queued' }>, now: number): Job {
  const { jobId, kind, title, modelPath, revision, queuedAt } = job
  const base = { jobId, kind, title, modelPath, revision, queuedAt }
  switch (event.type) {
    case 'progress':
      return { ...base, state: 'running', progress: event.progress, startedAt: job.state === 'running' ? job.startedAt : now, now }
    case 'done':
      return { ...base, state: 'done', durationMs: event.durationMs, result: event.result }
    case 'failed':
      return { ...base, state: 'failed', durationMs: event.durationMs, error: event.error }
    case 'cancelled':
      return { ...base, state: 'cancelled', durationMs: event.durationMs }
  }
}
