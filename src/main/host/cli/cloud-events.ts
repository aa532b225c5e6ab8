import { randomUUID } from 'node:crypto'
import type { JobEvent } from '#shared/ipc/jobs'

/** An event of a job as a CloudEvent 1.0 in JSON format (CloudEvents specification 1.0.2, JSON event format). */
export interface CloudEvent {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: '/edgefit/jobs'
  /** `edgefit.job.queued`, `.progress`, `.done`, `.failed`, `.cancelled` */
  readonly type: string
  /** The job's id. */
  readonly subject: string
  /** RFC 3339. */
  readonly time: string
  readonly datacontenttype: 'application/json'
  readonly data: unknown
}

export function cloudEvent(event: JobEvent, at: Date): CloudEvent {
  const { type, jobId, ...data } = event
  return { specversion: '1.0', id: randomUUID(), source: '/edgefit/jobs', type: `edgefit.job.${type}`, subject: jobId, time: at.toISOString(), datacontenttype: 'application/json', data }
}
