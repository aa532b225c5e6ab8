/**
 * Benchmarks: `npm run bench`, or only those named (`npm run bench -- inference layout`). `--list` names them, `--runs N`
 * sets how often quick things are repeated, `--json` prints one JSON document. Figures never fail a run.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { onnxruntimeLabel } from '../../src/main/runtime/onnxruntime'
import { type Bench, type BenchContext, conditionsNow, type Figure, figureText } from './bench'
import { edit } from './edit'
import { editLarge } from './edit-large'
import { accuracy } from './accuracy'
import { cancel } from './cancel'
import { canvasScale } from './canvas-scale'
import { deploy } from './deploy'
import { diff } from './diff'
import { evaluate } from './evaluate'
import { fileSize } from './file-size'
import { fuse } from './fuse'
import { inference } from './inference'
import { inspectLarge } from './inspect-large'
import { layout } from './layout'
import { layoutPeers } from './layout-peers'
import { layoutQuality } from './layout-quality'
import { linearAlgebra } from './linear-algebra'
import { prune } from './prune'
import { pruneArchitectures } from './prune-architectures'
import { quantize } from './quantize'
import { staticInt8Latency } from './static-int8-latency'
import { studioWindow } from './studio-window'
import { tryModels } from './try'
import { weightOnly } from './weight-only'
import { windowPanels } from './window-panels'

const BENCHES: readonly Bench[] = [fileSize, fuse, evaluate, accuracy, inspectLarge, studioWindow, windowPanels, cancel, tryModels, inference, edit, editLarge, diff, layout, layoutPeers, layoutQuality, canvasScale, staticInt8Latency, weightOnly, linearAlgebra, deploy, prune, pruneArchitectures, quantize]

interface Outcome {
  readonly bench: string
  readonly title: string
  readonly figures: Figure[]
  readonly error: string | null
}

process.env['ORT_DISABLE_TELEMETRY'] = '1'
await main()

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, list: { type: 'boolean', default: false }, runs: { type: 'string', default: '15' } },
  })
  const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench.name === name))
  const runs = Number(values.runs)
  if (unknown.length > 0 || !Number.isInteger(runs) || runs < 1) {
    console.error(unknown.length > 0 ? `No benchmark is called ${unknown.join(', ')}; --list names them.` : '--runs takes a whole number from 1.')
    process.exitCode = 2
    return
  }
  if (values.list) {
    for (const { name, title } of BENCHES) console.log(`${name.padEnd(22)}${title}`)
    return
  }
  const say = (line: string) => (values.json ? console.error(line) : console.log(line))
  const conditions = conditionsNow(await onnxruntimeLabel())
  say(`${conditions.device}, ${conditions.cores} cores, ${conditions.memoryGb} GB; Node ${conditions.node}, ${conditions.onnxruntime}; load average ${conditions.loadAverage}; ${conditions.measuredAt}`)
  if (conditions.loadAverage > conditions.cores) say('The machine is busy: times below are longer than they would be on a quiet one.')
  const scratch = mkdtempSync(join(tmpdir(), 'edgefit-bench-'))
  // What a bench and its processes leave in the temporary folder goes with it.
  process.env['TMPDIR'] = scratch
  const outcomes: Outcome[] = []
  try {
    for (const bench of BENCHES) {
      if (positionals.length > 0 && !positionals.includes(bench.name)) continue
      say(`\n${bench.title}`)
      outcomes.push(await runOne(bench, { repository: join(import.meta.dirname, '../..'), scratch, runs }, say))
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  if (values.json) console.log(JSON.stringify({ conditions, outcomes }, null, 2))
}

async function runOne(bench: Bench, context: BenchContext, say: (line: string) => void): Promise<Outcome> {
  const figures: Figure[] = []
  try {
    for await (const figure of bench.run(context)) {
      figures.push(figure)
      say(figureText(figure))
    }
    return { bench: bench.name, title: bench.title, figures, error: null }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    say(`  did not finish: ${message}`)
    process.exitCode = 1
    return { bench: bench.name, title: bench.title, figures, error: message }
  }
}
