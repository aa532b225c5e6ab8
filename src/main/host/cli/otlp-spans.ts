/** Jobs as OpenTelemetry spans in OTLP's JSON encoding: one span for each job, and under it one for each phase. */
import { randomBytes } from 'node:crypto'
import type { JobEvent } from '#shared/ipc/jobs'

export interface TimedEvent {
  readonly event: JobEvent
  /** Epoch milliseconds. */
  readonly atMs: number
}

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue: string } | { readonly doubleValue: number }
}

interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  /** 1: internal. */
  readonly kind: 1
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly Attribute[]
  /** 1: ok, 2: error. */
  readonly status: { readonly code: 1 | 2; readonly message?: string }
}

export interface TraceRequest {
  readonly resourceSpans: readonly [
    {
      readonly resource: { readonly attributes: readonly Attribute[] }
      readonly scopeSpans: readonly [{ readonly scope: { readonly name: string; readonly version: string }; readonly spans: readonly Span[] }]
    },
  ]
}

/** An ExportTraceServiceRequest (opentelemetry-proto 1.x) of all jobs of one command, as one trace. Jobs that have not ended are left out. */
export function traceRequest(events: readonly TimedEvent[], version: string): TraceRequest {
  const traceId = randomBytes(16).toString('hex')
  const jobs = new Map<string, TimedEvent[]>()
  for (const timed of events) jobs.set(timed.event.jobId, [...(jobs.get(timed.event.jobId) ?? []), timed])
  const spans = [...jobs.values()].flatMap((own) => jobSpans(own, traceId))
  return { resourceSpans: [{ resource: { attributes: [text('service.name', 'edgefit'), text('service.version', version)] }, scopeSpans: [{ scope: { name: 'edgefit.jobs', version }, spans }] }] }
}

function jobSpans(events: readonly TimedEvent[], traceId: string): Span[] {
  const [first] = events
  const last = events.at(-1)
  if (first?.event.type !== 'queued' || !last || last.event.type === 'queued' || last.event.type === 'progress') return []
  const { kind, title, modelPath, jobId } = first.event
  const spanId = randomBytes(8).toString('hex')
  const status = last.event.type === 'done' ? ({ code: 1 } as const) : { code: 2 as const, message: last.event.type === 'failed' ? `${last.event.error.code}: ${last.event.error.message}` : 'cancelled' }
  const job: Span = {
    ...{ traceId, spanId, name: `job ${kind}`, kind: 1, status },
    startTimeUnixNano: nanoseconds(first.atMs),
    endTimeUnixNano: nanoseconds(last.atMs),
    attributes: [text('edgefit.job.id', jobId), text('edgefit.job.title', title), text('edgefit.model.path', modelPath), { key: 'edgefit.job.duration_ms', value: { doubleValue: last.event.durationMs } }],
  }
  return [job, ...phaseSpans(events, last.atMs, { traceId, parentSpanId: spanId })]
}

/** A phase lasts until another begins, or the job ends. */
function phaseSpans(events: readonly TimedEvent[], endMs: number, parent: Pick<Span, 'traceId'> & { readonly parentSpanId: string }): Span[] {
  const begun: { phase: string; atMs: number }[] = []
  for (const { event, atMs } of events) {
    if (event.type === 'progress' && begun.at(-1)?.phase !== event.progress.phase) begun.push({ phase: event.progress.phase, atMs })
  }
  return begun.map(({ phase, atMs }, at): Span => ({
    ...parent,
    spanId: randomBytes(8).toString('hex'),
    name: phase,
    kind: 1,
    startTimeUnixNano: nanoseconds(atMs),
    endTimeUnixNano: nanoseconds(begun[at + 1]?.atMs ?? endMs),
    attributes: [],
    status: { code: 1 },
  }))
}

function text(key: string, value: string): Attribute {
  return { key, value: { stringValue: value } }
}

/** 64-bit integers are strings in protobuf's JSON. */
function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms * 1000)) * 1000n)
}
