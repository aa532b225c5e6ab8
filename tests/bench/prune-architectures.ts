import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { AppError } from '#shared/errors'
import type { OptimizeReport } from '#shared/ipc/jobs'
import { Recipe } from '#shared/recipe'
import { optimizeModel } from '../../src/main/passes/optimize-model'
import { modelFiles, sharedModelsFolder } from '../fixtures/shared-models'
import type { Bench, Figure } from './bench'

const RATIO = 0.3
/** Folder of models that `architectures/export.py` wrote. */
const EXPORTED = process.env['EDGEFIT_ARCHITECTURES'] ?? ''
const LIGHT = join(sharedModelsFolder, 'light')
const HOW = 'apt-get install python3-torchvision; /usr/bin/python3 tests/bench/architectures/export.py FOLDER; EDGEFIT_ARCHITECTURES=FOLDER npm run bench -- prune-architectures'
/** Two of twelve may be refused. */
const MOST_REFUSED = 1 / 6
const recipe = Recipe.parse([{ pass: 'fold-constants' }, { pass: 'eliminate-dead-nodes' }, { pass: 'fold-batch-normalization' }, { pass: 'prune-channels', options: { target: 'channels', amount: RATIO } }])

/** Three tenths of the channels of every layer that can lose some; weights are random, so only shapes and validity count. */
export const pruneArchitectures: Bench = {
  name: 'prune-architectures',
  title: `Architectures with ${RATIO * 100} % fewer channels: parameters left`,
  async *run({ scratch }) {
    const exported = existsSync(EXPORTED) ? modelFiles(EXPORTED) : []
    const paths = [...exported, ...modelFiles(LIGHT)]
    if (paths.length === 0) throw new Error(`there are no models in ${LIGHT}, and none were exported. ${HOW}`)
    let refused = 0
    for (const path of paths) {
      const { figure, isSmaller } = await pruneOne(path, scratch)
      if (!isSmaller) refused++
      yield figure
    }
    const note = `${String(paths.length - refused)} of ${String(paths.length)} are smaller, valid and run${exported.length === 0 ? `; without torchvision's, which are not there. To have them: ${HOW}` : `, ${String(exported.length)} of them torchvision's`}`
    yield { name: 'refused, or no smaller', unit: 'models', value: refused, runs: 1, atMost: Math.floor(paths.length * MOST_REFUSED), note }
  },
}

async function pruneOne(path: string, scratch: string): Promise<{ figure: Figure; isSmaller: boolean }> {
  const name = `${basename(path, '.onnx')}${path.startsWith(LIGHT) ? '' : ' (torchvision)'}`
  try {
    const report = await optimizeModel(
      { inputPath: path, outputPath: join(scratch, 'architecture.onnx'), recipe, data: { kind: 'synthetic', samples: 1 }, measureLatency: false },
      { scratchFolder: scratch, signal: new AbortController().signal, progress: () => undefined },
    )
    const left = parametersLeft(report)
    return { figure: { name, unit: '×', value: left, runs: 1, note: describe(report) }, isSmaller: left < 1 && report.kernels !== null }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { figure: { name, unit: '×', value: 1, runs: 1, note: `refused: ${error.message}` }, isSmaller: false }
  }
}

function diagnosticsOf(report: OptimizeReport, code: string): string[] {
  return report.passes.flatMap(({ diagnostics }) => diagnostics.flatMap((found) => (found.code === code ? [found.message] : [])))
}

function parametersLeft(report: OptimizeReport): number {
  const [message = ''] = diagnosticsOf(report, 'channels-pruned')
  return 1 - Number(/([\d.]+) % of the parameters/.exec(message)?.[1] ?? 0) / 100
}

function describe(report: OptimizeReport): string {
  const [message = 'nothing went'] = diagnosticsOf(report, 'channels-pruned')
  const locked = diagnosticsOf(report, 'channels-locked')
  const reasons = new Map<string, number>()
  for (const reason of locked.map((text) => text.replace(/^.*?: /, '').replace(/'[^']*'/g, '…'))) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  const kept = [...reasons].map(([reason, count]) => `${count} × ${reason}`).join(' ')
  return `${report.kernels ? 'runs' : 'DOES NOT RUN'}; ${message} ${diagnosticsOf(report, 'channels-removed').length} groups cut; kept: ${kept === '' ? 'none but the outputs' : kept}`
}
