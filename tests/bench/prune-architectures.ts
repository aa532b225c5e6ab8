import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { AppError } from '#shared/errors'
import type { OptimizeReport } from '#shared/ipc/jobs'
import { Recipe } from '#shared/recipe'
import { optimizeModel } from '../../src/main/passes/optimize-model'
import { modelFiles, sharedModelsFolder } from '../fixtures/shared-models'
import type { Bench } from './bench'

const RATIO = 0.3
/** Folder of models that `architectures/export.py` wrote. */
const EXPORTED = process.env['EDGEFIT_ARCHITECTURES'] ?? ''

/** Three tenths of the channels of every layer that can lose some; weights are random, so only shapes and validity count. */
export const pruneArchitectures: Bench = {
  name: 'prune-architectures',
  title: `Architectures at ${RATIO * 100} % of their channels less: parameters left (EDGEFIT_ARCHITECTURES has torchvision's)`,
  async *run({ scratch }) {
    const paths = [...(EXPORTED !== '' && existsSync(EXPORTED) ? modelFiles(EXPORTED) : []), ...modelFiles(join(sharedModelsFolder, 'light'))]
    if (paths.length === 0) throw new Error('there are no models: export some with tests/bench/architectures/export.py and name their folder in EDGEFIT_ARCHITECTURES')
    for (const path of paths) {
      const name = basename(path, '.onnx')
      try {
        const report = await optimizeModel(
          {
            inputPath: path,
            outputPath: join(scratch, 'architecture.onnx'),
            recipe: Recipe.parse([{ pass: 'fold-constants' }, { pass: 'eliminate-dead-nodes' }, { pass: 'fold-batch-normalization' }, { pass: 'prune-channels', options: { target: 'channels', amount: RATIO } }]),
            data: { kind: 'synthetic', samples: 1 },
            measureLatency: false,
          },
          { scratchFolder: scratch, signal: new AbortController().signal, progress: () => undefined },
        )
        yield { name, unit: '×', value: parametersLeft(report), runs: 1, note: describe(report) }
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        yield { name, unit: '×', value: 1, runs: 1, note: `refused: ${error.message}` }
      }
    }
  },
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
