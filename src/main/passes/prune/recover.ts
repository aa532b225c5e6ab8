/** What passes that cut a model have in common: trying it, fitting what is left, and taking it over. */
import { AppError } from '#shared/errors'
import type { Edit, ModelDocument } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import { measureOutputError } from '../../runtime/output-error'
import type { PassContext } from '../pass'
import { mergeBySamples, mergeBySimilarity, type MergeOptions } from './merge-channels'
import { refitLayers, type RefitOptions } from './refit'

/** Fits what comes after a cut; taken back where the outputs end up further from the source's. */
export async function recover(trial: ModelDocument, options: RefitOptions): Promise<void> {
  const { source, context } = options
  await keepIfCloser(trial, { source, context }, async (change) => {
    const fits = await refitLayers(change, options)
    if (fits.length === 0) return
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    context.report({
      severity: 'info',
      code: 'layers-refitted',
      message: `${fits.length} layers were fitted to what they gave before: on samples held back, their outputs are off by ${percent(mean(fits.map(({ after }) => after)))} on average, instead of ${percent(mean(fits.map((fit) => fit.before)))}.`,
    })
    const distilled = fits.flatMap(({ activations }) => activations ?? [])
    if (distilled.length === 0) return
    context.report({
      severity: 'info',
      code: 'layers-distilled',
      message: `${distilled.length} of them were fitted once more, to what comes out of the activations behind them: on samples held back, that is off by ${percent(mean(distilled.map(({ after }) => after)))} on average, instead of ${percent(mean(distilled.map(({ before }) => before)))}.`,
    })
  })
}

export interface MergingOptions extends MergeOptions {
  readonly source: Model
  readonly context: PassContext
  readonly limit: number
}

/** Expresses channels that went by those that stay, from samples where there are real ones, else from weights alone. */
export async function merge(trial: ModelDocument, { source, context, limit, ...cut }: MergingOptions): Promise<void> {
  const samples = context.calibration && !context.calibration.synthetic
  const change = async (edit: Edit) => {
    const merged = samples ? await mergeBySamples(edit, { ...cut, source, context, limit }) : mergeBySimilarity(edit, cut)
    if (merged === 0) return
    const message = (how: string) => `In the weights of ${merged} layers, channels that went are expressed by ${how}.`
    if (samples) context.report({ severity: 'info', code: 'channels-merged', message: message('mixtures of those that stay, found from samples') })
    else context.report({ severity: 'warning', code: 'channels-merged', message: message('similar ones that stay, found from weights alone'), hint: 'Samples would do far better. Give calibration data: a folder, an .npz or .npy file.' })
  }
  if (context.calibration) await keepIfCloser(trial, { source, context }, change)
  else await trial.transact('merge', change)
}

interface Judging {
  readonly source: Model
  readonly context: PassContext
}

async function keepIfCloser(trial: ModelDocument, judging: Judging, change: (edit: Edit) => Promise<void>): Promise<void> {
  const before = await meanSqnr(trial, judging)
  const transaction = await trial.transact('recover', change)
  const after = await meanSqnr(trial, judging)
  if (after >= before) return
  trial.undo(transaction)
  judging.context.report({ severity: 'info', code: 'no-gain', message: `Layers stay as they were cut: made up for, outputs would be at ${after.toFixed(1)} dB of the source's, instead of ${before.toFixed(1)}.` })
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

const JUDGED_SAMPLES = 64

async function meanSqnr(document: ModelDocument, { source, context }: Judging): Promise<number> {
  const { calibration, runner, signal } = context
  if (!calibration) throw new AppError({ code: 'invalid-data', message: 'This pass needs calibration data.', hint: 'Give a folder, an .npz or .npy file.' })
  const errors = await measureOutputError({ runner, reference: source, candidate: document, data: calibration, limit: JUDGED_SAMPLES, signal })
  return errors.reduce((sum, { sqnrDb }) => sum + (sqnrDb ?? 200) / errors.length, 0)
}

/** What random inputs show of activations is not worth fitting to. */
export function hasRealData(context: PassContext): boolean {
  if (context.calibration && !context.calibration.synthetic) return true
  context.report({
    severity: 'warning',
    code: 'not-recovered',
    message: 'Channels were chosen by their weights and nothing was fitted behind them, because there is no real data: accuracy will be far lower than it could be.',
    hint: 'Give calibration data: a folder, an .npz or .npy file.',
  })
  return false
}

/** What onnxruntime refuses after a cut is our defect, not the person's: the model stays as it was. */
export async function mustRun(trial: ModelDocument, { calibration, runner }: PassContext): Promise<void> {
  const running = await runner.load(trial)
  try {
    for await (const feeds of calibration?.samples() ?? []) {
      await running.run(new Map([...feeds].filter(([name]) => running.inputNames.includes(name))))
      break
    }
  } finally {
    await running.close()
  }
}

/** Nodes keep their ids. */
export function replaceModel(edit: Edit, { model }: ModelDocument): void {
  edit.replaceNodes(edit.main, model.graph.nodes)
  edit.replaceInitializers(edit.main, model.graph.initializers)
  edit.updateGraph(edit.main, { valueInfo: model.graph.valueInfo })
}
