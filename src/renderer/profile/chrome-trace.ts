import type { ProfileResult } from '#shared/measurement'

/**
 * One run as the kernels' medians make it up, in the Trace Event Format that chrome://tracing and ui.perfetto.dev open: complete events
 * (`ph: X`) one after the other, times in µs. What lies between kernels is left out, so the end is the sum of the kernels.
 */
export function chromeTrace({ kernels, conditions }: Pick<ProfileResult, 'kernels' | 'conditions'>): string {
  let startMs = 0
  const events = kernels.map(({ opType, kernel, provider, p50Ms, p95Ms, nodes }) => {
    const event = { name: opType, cat: provider, ph: 'X', pid: 1, tid: 1, ts: startMs * 1000, dur: p50Ms * 1000, args: { kernel, p95Ms, nodes: nodes.map(({ name, opType: type }) => (name === '' ? type : name)) } }
    startMs += p50Ms
    return event
  })
  return `${JSON.stringify({ displayTimeUnit: 'ms', otherData: { ...conditions, figures: 'p50 of each kernel' }, traceEvents: events })}\n`
}
