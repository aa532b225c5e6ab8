/** onnxruntime's profile file: what each kernel took in each inference. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'

const NodeEvent = z.object({
  cat: z.literal('Node'),
  name: z.string(),
  ts: z.number(),
  dur: z.number(),
  args: z.object({ op_name: z.string(), provider: z.string() }),
})
const SessionEvent = z.object({ cat: z.literal('Session'), name: z.string() })
const ProfileEvent = z.union([NodeEvent, SessionEvent])

export interface KernelTimes {
  /** Node's name in the optimised graph. */
  readonly name: string
  readonly opType: string
  readonly provider: string
  /** Microseconds in each inference, all its calls in it together, without the kernels of the subgraphs it holds. */
  readonly perRunUs: readonly number[]
  /** Executions in all inferences. */
  readonly calls: number
}

/** Nodes whose time holds that of the nodes inside them. */
const CONTROL_FLOW = new Set(['If', 'Loop', 'Scan', 'SequenceMap'])
const SUFFIX = '_kernel_time'

interface Tally {
  name: string
  opType: string
  provider: string
  perRunUs: number[]
  thisRunUs: number
  calls: number
  callsThisRun: number
}

/**
 * Reads a profile line by line (they reach gigabytes where loops run long), leaving out the first `skipRuns` inferences.
 * Kernels are in the order in which they first ran.
 */
export async function readKernelTimes(path: string, skipRuns: number): Promise<KernelTimes[]> {
  const tallies = new Map<string, Tally>()
  let run = 0
  /** Kernels of this inference that no control flow around them has claimed yet. */
  let open: { ts: number; dur: number }[] = []
  for await (const event of profileEvents(path)) {
    if (event.cat === 'Session') {
      if (event.name !== 'model_run') continue
      closeRun(tallies, { counts: run++ >= skipRuns })
      open = []
      continue
    }
    if (!event.name.endsWith(SUFFIX)) continue
    const { op_name: opType, provider } = event.args
    let innerUs = 0
    if (CONTROL_FLOW.has(opType)) {
      const first = open.findLastIndex(({ ts }) => ts < event.ts) + 1
      innerUs = open.slice(first).reduce((sum, { dur }) => sum + dur, 0)
      open.length = first
    }
    open.push({ ts: event.ts, dur: event.dur })
    const name = event.name.slice(0, -SUFFIX.length)
    const key = `${name}\n${opType}`
    const tally = tallies.get(key) ?? { name, opType, provider, perRunUs: [], thisRunUs: 0, calls: 0, callsThisRun: 0 }
    tallies.set(key, tally)
    // Times are rounded to microseconds, so the inner ones may add up to a little more than the outer one.
    tally.thisRunUs += Math.max(0, event.dur - innerUs)
    tally.callsThisRun++
  }
  const runs = Math.max(0, run - skipRuns)
  return [...tallies.values()].flatMap(({ name, opType, provider, perRunUs, calls }) =>
    // A kernel of a branch that some inferences do not take has no time in those.
    calls === 0 ? [] : [{ name, opType, provider, calls, perRunUs: [...perRunUs, ...new Array<number>(runs - perRunUs.length).fill(0)] }],
  )
}

function closeRun(tallies: ReadonlyMap<string, Tally>, { counts }: { readonly counts: boolean }): void {
  for (const tally of tallies.values()) {
    if (counts && tally.callsThisRun > 0) {
      tally.perRunUs.push(tally.thisRunUs)
      tally.calls += tally.callsThisRun
    }
    tally.thisRunUs = 0
    tally.callsThisRun = 0
  }
}

/** One event a line, each but the last with a comma, brackets around them. */
export async function* profileLines(path: string): AsyncGenerator<unknown> {
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const text = line.trim().replace(/,$/, '')
    if (!text.startsWith('{')) continue
    const event: unknown = JSON.parse(text)
    yield event
  }
}

async function* profileEvents(path: string): AsyncGenerator<z.infer<typeof ProfileEvent>> {
  for await (const line of profileLines(path)) {
    const event = ProfileEvent.safeParse(line)
    // The session's own events have other shapes; only those above matter here.
    if (event.success) yield event.data
  }
}
