import type { Diagnostic } from '#shared/diagnostic'
import { AppError } from '#shared/errors'
import type { LatencyBeside } from '#shared/measurement'
import type { ModelDocument } from '#shared/onnx/document'
import { measurementConditions } from '../runtime/device-conditions'
import { summarizeLatency } from '../runtime/latency'
import type { ModelRunner } from '../runtime/model-runner'
import { firstSample } from '../runtime/profile-model'
import { latencyRatio, timeInTurns } from '../runtime/time-in-turns'
import type { CalibrationData } from './pass'

const RUNS = 20
const WARMUP = 2
/** A slow model is not run often for a quick look. */
const BUDGET_MS = 2000
/** A ratio this far above 1 is more than chance in so few runs. */
const SLOWER = 1.1

interface LatencyNeeds {
  readonly runner: ModelRunner
  /** Path of the source. */
  readonly source: string
  readonly data: CalibrationData
  /** Whether the result computes on integers, or tries to. */
  readonly integers: boolean
  readonly signal: AbortSignal
  readonly report: (diagnostic: Diagnostic) => void
}

/** Latency of a result beside its source's, on the first sample, in turns; null where the source does not run. Warns where it is slower. */
export async function measureLatencyBeside(document: ModelDocument, { runner, source, data, integers, signal, report }: LatencyNeeds): Promise<LatencyBeside | null> {
  const feeds = await firstSample(data)
  const times = await timeBoth(document, { runner, source, feeds, signal })
  if (!times) return null
  const ratio = latencyRatio(times)
  if (ratio.p50 > SLOWER) {
    report({
      severity: 'warning',
      code: 'slower-than-source',
      message: `On this processor the result takes ×${ratio.p50.toFixed(2)} of the source's time (median of ${times.length} runs in turns).`,
      hint: integers ? 'Processors without instructions for 8-bit integers are often slower with them; phones have them. Measure on the device that it is for.' : 'Measure on the device that it is for.',
    })
  }
  return {
    source: summarizeLatency(times.map(([time]) => time)),
    result: summarizeLatency(times.map(([, time]) => time)),
    ratio,
    conditions: await measurementConditions({ provider: 'cpu', threads: 0, warmup: WARMUP, runs: times.length, inputs: data.description }),
  }
}

async function timeBoth(document: ModelDocument, { runner, source, feeds, signal }: Pick<LatencyNeeds, 'runner' | 'source' | 'signal'> & { feeds: Awaited<ReturnType<typeof firstSample>> }): Promise<[number, number][] | null> {
  const options = { sleepBetweenRuns: true }
  try {
    const a = await runner.loadFile(source, options)
    try {
      const b = await runner.load(document, options)
      try {
        return await timeInTurns(a, b, feeds, { runs: RUNS, warmup: WARMUP, budgetMs: BUDGET_MS, signal })
      } finally {
        await b.close()
      }
    } finally {
      await a.close()
    }
  } catch (error) {
    if (error instanceof AppError && error.code === 'runtime-rejected') return null
    throw error
  }
}
