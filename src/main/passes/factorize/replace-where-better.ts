/** Decides which factored layers are put into the model: those that are measured faster, as far as the outputs stay within their budget. */
import { ModelDocument, type Edit } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import { bytesOf } from '#shared/onnx/tensor-data'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Feeds } from '../../runtime/model-runner'
import { measureOutputError } from '../../runtime/output-error'
import { firstSample } from '../../runtime/profile-model'
import { latencyRatio, timeInTurns } from '../../runtime/time-in-turns'
import type { PassContext } from '../pass'
import { snapshotModel } from '../recovery/snapshot-model'
import type { LinearLayer } from './linear-layer'
import type { Candidate } from './low-rank-forms'
import { layerModel, replaceLayer, replacementModel } from './replacement'

const RUNS = 15
const WARMUP = 3
/** Samples on which the outputs are compared: more than layers are fitted to, where there are more. */
const COMPARED_SAMPLES = 64
/** Layers alone take microseconds: several runs a turn tell more than one. */
const TURN_MS = 3
const BUDGET_MS = 1000
/** Of the time before: less of a gain is within what measuring can tell. */
const FASTER = 0.95

export interface Proposal {
  readonly layer: LinearLayer
  readonly candidate: Candidate
  /** Of the layer as it is. */
  readonly macs: number
  readonly inputDims: readonly number[]
  /** More for the report. */
  readonly figures: Readonly<Record<string, number>>
}

export interface Terms {
  readonly keep: 'faster' | 'fewer-macs'
  /** At the worst output of the model; null: whatever it is. */
  readonly minSqnrDb: number | null
  readonly context: PassContext
}

/** Puts the best of the proposals into the graph, and reports for each what it brings, or why it was left out. */
export async function replaceWhereBetter(edit: Edit, proposals: readonly Proposal[], terms: Terms): Promise<void> {
  const { keep, context } = terms
  const timed: (Proposal & { readonly ratio: number | null })[] = []
  for (const [at, proposal] of proposals.entries()) {
    context.signal.throwIfAborted()
    context.progress('measuring', null, `${at + 1} / ${proposals.length} ${proposal.layer.node.name}`)
    const ratio = keep === 'faster' ? await timeLayer(edit.model, proposal, context) : null
    if (ratio !== null && ratio > FASTER) refuse(proposal, `measured ×${ratio.toFixed(2)} of its time`, { context, ratio })
    else timed.push({ ...proposal, ratio })
  }
  timed.sort((a, b) => a.candidate.error - b.candidate.error)
  const kept = await withinBudget(edit, timed, terms)
  for (const { ratio, ...proposal } of timed.slice(kept)) refuse(proposal, `with it an output would fall below ${terms.minSqnrDb} dB of the source's`, { context, ratio })
  const chosen = timed.slice(0, kept)
  if (chosen.length === 0) return
  const whole = keep === 'faster' ? await timeWhole(edit, chosen, context) : null
  if (whole !== null && whole > 1) {
    for (const { ratio, ...proposal } of chosen) refuse(proposal, `the whole model took ×${whole.toFixed(2)} of its time with the new layers`, { context, ratio })
    context.report({ severity: 'info', code: 'no-gain', message: `Layers alone were faster in parts, the model with them was not (×${whole.toFixed(2)}): nothing was changed.` })
    return
  }
  for (const { layer, candidate, ratio, macs, figures } of chosen) {
    replaceLayer(edit, layer, candidate.replacement)
    tell({ layer, candidate, macs, figures }, { context, ratio, isChanged: true, note: `${candidate.form}, ${candidate.form === 'decoupled' ? 'terms' : 'rank'} ${candidate.ranks.join(' and ')}` })
  }
  const [before, after] = [sum(chosen.map(({ macs }) => macs)), sum(chosen.map(({ candidate }) => candidate.macs))]
  const timing = whole === null ? 'Time was not measured.' : `The model takes ×${whole.toFixed(2)} of its time, measured in turns.`
  context.report({ severity: 'info', code: 'layers-factored', message: `${chosen.length} of ${proposals.length} layers that could be were replaced: ×${(after / before).toFixed(2)} of their multiply-accumulates. ${timing}` })
}

function refuse(proposal: Omit<Proposal, 'inputDims'>, note: string, { context, ratio }: { context: PassContext; ratio: number | null }): void {
  tell(proposal, { context, ratio, isChanged: false, note })
}

interface Told {
  readonly context: PassContext
  readonly ratio: number | null
  readonly isChanged: boolean
  readonly note: string
}

function tell({ layer, candidate, macs, figures }: Omit<Proposal, 'inputDims'>, { context, ratio, isChanged, note }: Told): void {
  const { id: nodeId, name: nodeName, opType } = layer.node
  context.reportLayer?.({
    ...{ nodeId, nodeName, opType, isChanged, note },
    figures: { ...figures, relativeError: candidate.error, macsRatio: candidate.macs / macs, ...(ratio !== null && { latencyRatio: ratio }) },
  })
}

/** Time of the replacement as a share of the layer's, both alone on an input of the size seen. Infinite where onnxruntime refuses it. */
async function timeLayer(model: Model, { layer, candidate, inputDims }: Proposal, { runner, signal }: PassContext): Promise<number> {
  const count = inputDims.reduce((product, dim) => product * dim, 1)
  const values = Float32Array.from({ length: count }, (_, at) => Math.sin(at * 12.9898))
  const feeds: Feeds = new Map([['x', { dataType: DATA_TYPES.float32.code, dims: inputDims, bytes: bytesOf(values) }]])
  return timePair([layerModel(model, layer, inputDims), replacementModel(model, candidate.replacement, inputDims)], feeds, { runner, signal })
}

async function timePair([a, b]: readonly [Model | ModelDocument, Model | ModelDocument], feeds: Feeds, { runner, signal }: Pick<PassContext, 'runner' | 'signal'>): Promise<number> {
  const first = await runner.load(a, { sleepBetweenRuns: true })
  try {
    const second = await runner.load(b, { sleepBetweenRuns: true })
    try {
      return latencyRatio(await timeInTurns(first, second, feeds, { runs: RUNS, warmup: WARMUP, turnMs: TURN_MS, budgetMs: BUDGET_MS, signal })).p50
    } finally {
      await second.close()
    }
  } finally {
    await first.close()
  }
}

async function timeWhole(edit: Edit, chosen: readonly Proposal[], context: PassContext): Promise<number | null> {
  if (!context.calibration) return null
  return timePair([edit.document, await withReplacements(edit, chosen)], await firstSample(context.calibration), context)
}

/** How many of the proposals, from the first on, can be taken together. */
async function withinBudget(edit: Edit, proposals: readonly Proposal[], { minSqnrDb, context }: Terms): Promise<number> {
  const { calibration, runner, signal } = context
  if (minSqnrDb === null || !calibration || proposals.length === 0) return proposals.length
  const source = snapshotModel(edit.document)
  const isWithin = async (count: number) => {
    const candidate = await withReplacements(edit, proposals.slice(0, count))
    const errors = await measureOutputError({ runner, reference: source, candidate, data: calibration, limit: COMPARED_SAMPLES, signal })
    return errors.every(({ sqnrDb }) => sqnrDb === null || sqnrDb >= minSqnrDb)
  }
  let [within, beyond] = [0, proposals.length + 1]
  for (let count = proposals.length; beyond - within > 1; count = Math.floor((within + beyond) / 2)) {
    context.progress('comparing', null, `${count} / ${proposals.length}`)
    if (await isWithin(count)) within = count
    else beyond = count
  }
  return within
}

async function withReplacements(edit: Edit, proposals: readonly Proposal[]): Promise<ModelDocument> {
  const trial = new ModelDocument(snapshotModel(edit.document), edit.document.nextIds)
  await trial.transact('factorize', (change) => {
    for (const { layer, candidate } of proposals) {
      const node = trial.index(trial.model.graph).nodes.get(layer.node.id)
      if (!node) throw new Error('internal: a layer went away')
      replaceLayer(change, { ...layer, graph: trial.model.graph, node }, candidate.replacement)
    }
  })
  return trial
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
