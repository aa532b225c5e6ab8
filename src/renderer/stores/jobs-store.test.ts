import { describe, expect, it } from 'vitest'
import type { EventPayload } from '#shared/ipc/contract'
import { isUnfinished, remainingMs, withEvent, type Job } from './jobs-store'

type Event = EventPayload<'job'>

const queued: Event = { type: 'queued', jobId: 'j', kind: 'profile', title: 'resnet.onnx', modelPath: '/resnet.onnx', revision: null, at: '2026-01-01T00:00:00Z' }
const progress = (fraction: number | null): Event => ({ type: 'progress', jobId: 'j', progress: { phase: 'running', fraction, detail: '' } })

function after(...events: readonly (readonly [Event, number])[]): readonly Job[] {
  return events.reduce<readonly Job[]>((jobs, [event, now]) => withEvent(jobs, event, now), [])
}

describe('jobs', () => {
  it('go from queued through running to one end', () => {
    expect(after([queued, 0])[0]?.state).toBe('queued')
    expect(after([queued, 0], [progress(0.1), 5])[0]?.state).toBe('running')
    const [done] = after([queued, 0], [progress(0.1), 5], [{ type: 'done', jobId: 'j', result: 1, durationMs: 9 }, 14])
    expect(done).toMatchObject({ state: 'done', title: 'resnet.onnx', durationMs: 9 })
    expect(done !== undefined && isUnfinished(done)).toBe(false)
  })

  it('stay ended whatever comes late', () => {
    const jobs = after([queued, 0], [{ type: 'cancelled', jobId: 'j', durationMs: 1 }, 1], [progress(0.5), 2])
    expect(jobs[0]?.state).toBe('cancelled')
  })

  it('are listed newest first, and events of unknown jobs change nothing', () => {
    const jobs = after([queued, 0], [{ ...queued, jobId: 'k' }, 1], [{ type: 'cancelled', jobId: 'x', durationMs: 1 }, 2])
    expect(jobs.map((job) => job.jobId)).toEqual(['k', 'j'])
  })

  it('estimate what is left from the pace, once there is enough to go by', () => {
    const [early] = after([queued, 0], [progress(0.02), 1000])
    expect(early && remainingMs(early)).toBeNull()
    const [half] = after([queued, 0], [progress(0), 1000], [progress(0.5), 5000])
    expect(half && remainingMs(half)).toBe(4000)
    const [unknown] = after([queued, 0], [progress(0), 1000], [progress(null), 5000])
    expect(unknown && remainingMs(unknown)).toBeNull()
  })
})
