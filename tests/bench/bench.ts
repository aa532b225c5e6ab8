/** What benchmarks have in common: figures with their spread, and how they are printed. Nothing here judges: bars are shown beside. */
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os'
import { percentile } from '../../src/main/runtime/latency'

export interface Figure {
  readonly name: string
  readonly unit: 'ms' | 's' | 'MB' | '×' | 'points' | 'models'
  /** The median where it was taken more than once. */
  readonly value: number
  readonly best?: number
  readonly p10?: number
  readonly p90?: number
  readonly runs: number
  /** What we promise: at most this. */
  readonly atMost?: number
  /** What must be known to read the figure. */
  readonly note?: string
}

export interface BenchContext {
  readonly repository: string
  /** A folder of this run's own, removed at the end. */
  readonly scratch: string
  /** Measured runs of what is quick enough to repeat. */
  readonly runs: number
}

export interface Bench {
  readonly name: string
  readonly title: string
  /** Yields each figure as soon as it is known. Throws where something it needs is missing, saying what. */
  run(context: BenchContext): AsyncIterable<Figure>
}

export interface Conditions {
  readonly device: string
  readonly memoryGb: number
  readonly node: string
  readonly onnxruntime: string
  /** Processes that wanted to run, on average over the last minute: above the number of cores, figures are too high. */
  readonly loadAverage: number
  readonly cores: number
  readonly measuredAt: string
}

export function conditionsNow(onnxruntime: string): Conditions {
  const processors = cpus()
  return {
    device: `${processors[0]?.model.trim() ?? 'unknown processor'}, ${arch()}, ${type()} ${release()}`,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    onnxruntime,
    loadAverage: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    cores: processors.length,
    measuredAt: new Date().toISOString(),
  }
}

/** Median, lowest, and the 10th to 90th percentile of samples, at least one. */
export function spreadOf(samples: readonly number[]): Pick<Figure, 'value' | 'best' | 'p10' | 'p90' | 'runs'> {
  const sorted = samples.toSorted((a, b) => a - b)
  return { value: percentile(sorted, 50), best: percentile(sorted, 0), p10: percentile(sorted, 10), p90: percentile(sorted, 90), runs: samples.length }
}

/** Wall clock and processor time of `runs` calls after `warmup` more, in ms. Processor time is what a busy machine cannot stretch. */
export function timeSync(work: () => void, { runs, warmup }: { readonly runs: number; readonly warmup: number }): { wallMs: number[]; processorMs: number[] } {
  for (let run = 0; run < warmup; run++) work()
  const wallMs: number[] = []
  const processorMs: number[] = []
  for (let run = 0; run < runs; run++) {
    const [started, used] = [performance.now(), process.cpuUsage()]
    work()
    const { user, system } = process.cpuUsage(used)
    wallMs.push(performance.now() - started)
    processorMs.push((user + system) / 1000)
  }
  return { wallMs, processorMs }
}

/** Above this share of the median, the width from p10 to p90 is pointed out. */
const FLAGGED_SPREAD = 0.05

export function figureText(figure: Figure): string {
  const digits = figure.unit === '×' ? 3 : figure.unit === 's' ? 2 : figure.unit === 'models' ? 0 : 1
  const number = (value: number) => value.toFixed(digits)
  const width = figure.p10 !== undefined && figure.p90 !== undefined && figure.value > 0 ? (figure.p90 - figure.p10) / figure.value : 0
  const flag = width > FLAGGED_SPREAD ? `, spread ${(width * 100).toFixed(0)} % (over ${FLAGGED_SPREAD * 100} %)` : ''
  const best = figure.best === undefined ? '' : `best ${number(figure.best)}, `
  const spread = figure.p10 !== undefined && figure.p90 !== undefined && figure.runs > 1 ? ` (${best}p10–p90 ${number(figure.p10)}–${number(figure.p90)})` : ''
  const bar = figure.atMost === undefined ? '' : `, bar ≤ ${figure.atMost} ${figure.unit}: ${figure.value <= figure.atMost ? 'met' : 'MISSED'}`
  const note = figure.note ? ` — ${figure.note}` : ''
  return `  ${figure.name}: ${number(figure.value)} ${figure.unit}${spread}, ${figure.runs} ${figure.runs === 1 ? 'run' : 'runs'}${flag}${bar}${note}`
}
