import { appendFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { AppError } from '#shared/errors'
import type { JobEvent } from '#shared/ipc/jobs'
import { writeError } from '../../runtime/atomic-write'
import { cloudEvent } from './cloud-events'
import { type TimedEvent, traceRequest } from './otlp-spans'

/** Where a command writes what its jobs tell; nothing is written, and nothing sent, unless it is named. */
export interface RecordTargets {
  /** A file for CloudEvents, one JSON document a line. */
  events?: string
  /** A file, or the http address of a collector. */
  otlp?: string
}

export interface JobRecorder {
  receive(event: JobEvent): void
  /** Writes or sends the spans. Throws AppError where that fails. */
  close(): Promise<void>
}

const PATIENCE_MS = 10_000

export function addRecordOptions(command: Command): void {
  command
    .addOption(new Option('--events <file>', 'write the events of its jobs as CloudEvents 1.0, one JSON document a line').helpGroup('Records:'))
    .addOption(new Option('--otlp <file|url>', 'write its jobs as OpenTelemetry spans (OTLP JSON) into a file, or send them to this collector').helpGroup('Records:'))
}

export function openJobRecorder({ events, otlp }: RecordTargets, version: string): JobRecorder {
  const seen: TimedEvent[] = []
  const eventsFile = events === undefined ? null : resolve(events)
  if (eventsFile !== null) onFile(eventsFile, () => writeFileSync(eventsFile, ''))
  return {
    receive(event) {
      const at = new Date()
      if (otlp !== undefined) seen.push({ event: event.type === 'done' ? { ...event, result: null } : event, atMs: at.getTime() })
      if (eventsFile !== null) onFile(eventsFile, () => appendFileSync(eventsFile, `${JSON.stringify(cloudEvent(event, at))}\n`))
    },
    async close() {
      if (otlp === undefined || seen.length === 0) return
      const body = JSON.stringify(traceRequest(seen, version))
      if (/^https?:\/\//i.test(otlp)) return send(otlp, body)
      const file = resolve(otlp)
      onFile(file, () => writeFileSync(file, `${body}\n`))
    },
  }
}

/** An address without a path is a collector's base, whose traces go to `/v1/traces` (OTLP specification, OTLP/HTTP request). */
async function send(address: string, body: string): Promise<void> {
  const failed = (reason: string, cause?: unknown) => new AppError({ code: 'bad-usage', message: `The spans could not be sent to ${address}: ${reason}.`, hint: 'Check the address of the collector; it must take OTLP over HTTP as JSON.' }, { cause })
  if (!URL.canParse(address)) throw failed('that is no address')
  const url = new URL(address)
  if (url.pathname === '/') url.pathname = '/v1/traces'
  let status: number
  try {
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body, redirect: 'error', signal: AbortSignal.timeout(PATIENCE_MS) })
    status = response.status
  } catch (error) {
    throw failed((error as Error).message, error)
  }
  if (status < 200 || status > 299) throw failed(`it answered ${String(status)}`)
}

function onFile(path: string, work: () => void): void {
  try {
    work()
  } catch (error) {
    throw writeError(error, path)
  }
}
