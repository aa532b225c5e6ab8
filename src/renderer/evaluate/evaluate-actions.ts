/** What the Evaluate panel does. */
import i18next from 'i18next'
import { toErrorData } from '#shared/errors'
import { metricTraits } from '#shared/evaluation/metric'
import { PREPROCESSING_KEY, type Preprocessing } from '#shared/evaluation/preprocessing'
import { getBridge } from '../bridge/bridge'
import { pickData } from '../optimize/data-choice'
import { editDocument } from '../session/edit-document'
import { cancelJob, requestJob } from '../session/jobs'
import { reportError } from '../session/report-error'
import { isUnfinished, useJobsStore } from '../stores/jobs-store'
import { choiceOf, useEvaluateStore } from './evaluate-store'

/** Lets the person choose data and looks at it. */
export async function chooseData(sourcePath: string, what: 'file' | 'folder'): Promise<void> {
  const path = await pickData(what)
  if (path !== null) await lookAtData(sourcePath, path)
}

export async function chooseLabels(sourcePath: string): Promise<void> {
  const path = await pickData('file', '.csv,.tsv,.json,.txt,.npy,.npz')
  if (path !== null) useEvaluateStore.getState().choose(sourcePath, { labelsPath: path })
}

/** Finds out what the data is; the card that was chosen before for this model goes before a guess. */
export async function lookAtData(sourcePath: string, dataPath: string): Promise<void> {
  const { choose } = useEvaluateStore.getState()
  choose(sourcePath, { dataPath, labelsPath: null, setup: null, card: null, problem: null })
  const bridge = getBridge()
  try {
    const [setup, kept] = await Promise.all([bridge.request('evaluation.describe', { modelPath: sourcePath, dataPath }), bridge.request('evaluation.card', { modelPath: sourcePath })])
    const own = setup.cardFrom === 'guess' && kept?.kind === setup.card.kind ? kept : null
    // What is chosen in the meantime wins.
    if (choiceOf(useEvaluateStore.getState().choices, sourcePath).dataPath !== dataPath) return
    choose(sourcePath, { setup, card: own ?? setup.card, cardFrom: own === null ? setup.cardFrom : 'project' })
  } catch (error) {
    const { message, hint } = toErrorData(error)
    choose(sourcePath, { problem: [message, hint].filter((part) => part !== undefined).join(' ') })
  }
}

/** The card is kept with the model from then on. */
export async function changeCard(sourcePath: string, card: Preprocessing): Promise<void> {
  useEvaluateStore.getState().choose(sourcePath, { card, cardFrom: 'project' })
  try {
    await getBridge().request('evaluation.keepCard', { modelPath: sourcePath, card })
  } catch (error) {
    reportError(error)
  }
}

/** As an edit of the document shown: undone like any other, and in the file from the next save on. */
export async function writeCard(card: Preprocessing): Promise<boolean> {
  return editDocument(i18next.t('evaluate:saveCardLabel'), [{ kind: 'setMetadata', key: PREPROCESSING_KEY, value: JSON.stringify(card) }])
}

/** Starts one job for each model; they run one after another. */
export async function startEvaluation(sourcePath: string, modelPaths: readonly string[]): Promise<void> {
  const { choices, putJob, select } = useEvaluateStore.getState()
  const { dataPath, labelsPath, metric, card, limit, reuse } = choiceOf(choices, sourcePath)
  if (dataPath === null) return
  const againstSource = metricTraits[metric].labels === 'none'
  const paths = againstSource ? modelPaths.filter((path) => path !== sourcePath) : modelPaths
  for (const modelPath of paths) {
    const jobId = await requestJob({ kind: 'evaluate', params: { modelPath, dataPath, labelsPath, metric, card, limit, reuse, referencePath: againstSource ? sourcePath : null } })
    if (jobId === null) return
    putJob(modelPath, jobId)
  }
  const [first] = paths
  if (first !== undefined) select(first)
}

export async function stopEvaluation(): Promise<void> {
  const running = useJobsStore.getState().jobs.filter((job) => job.kind === 'evaluate' && isUnfinished(job))
  await Promise.all(running.map(({ jobId }) => cancelJob(jobId)))
}

export async function findBadLayer(sourcePath: string, modelPath: string): Promise<void> {
  const { choices, putLayerJob } = useEvaluateStore.getState()
  const { dataPath, card } = choiceOf(choices, sourcePath)
  if (dataPath === null) return
  const jobId = await requestJob({ kind: 'layer-error', params: { modelPath, sourcePath, dataPath, card } })
  if (jobId !== null) putLayerJob(modelPath, jobId)
}

/** Reads what has been evaluated before. */
export async function recallEvaluations(modelPath: string): Promise<void> {
  try {
    useEvaluateStore.getState().putKept(modelPath, await getBridge().request('evaluation.list', { modelPath }))
  } catch (error) {
    reportError(error)
  }
}
