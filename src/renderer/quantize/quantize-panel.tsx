import { Alert, Button, Loader } from '@mantine/core'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { OpenDocument } from '#shared/ipc/contract'
import { getBridge } from '../bridge/bridge'
import { said } from '../i18n/engine-words'
import { dataSource, initialData } from '../optimize/data-choice'
import { DataPicker } from '../optimize/data-picker'
import { loadCatalogue } from '../optimize/load-catalogue'
import { draftOfRecipe, draftOfText } from '../optimize/recipe-draft'
import { type RecipeView, RecipeViews } from '../optimize/recipe-views'
import { useRecipeProblem } from '../optimize/use-recipe-problem'
import { requestJob } from '../session/jobs'
import { useAppStore, type Catalogue } from '../stores/app-store'
import { isUnfinished, useJobsStore } from '../stores/jobs-store'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import { DistributionSection } from './distribution-section'
import { addQuantizeTexts } from './i18n/quantize-texts'
import { LayersSection } from './layers-section'
import { OverridesSection } from './overrides-section'
import { precisionOf, recipeFor } from './quantize-choice'
import { useQuantizeStore } from './quantize-store'
import styles from './quantize.module.css'
import { AccuracySection, PrecisionSection } from './recipe-switches'
import { SensitivitySection } from './sensitivity-section'
import { useScrollToResult } from './use-scroll-to-result'
import { VariantsSection } from './variants-section'

addQuantizeTexts()

const NO_RUNS: readonly string[] = []

/** Fewer bits, beside the graph: what for, on which data, with which exceptions, and what it costs. */
export default function QuantizePanel(): ReactNode {
  const { t } = useTranslation()
  const document = useSessionStore(activeDocument)
  const catalogue = useAppStore((state) => state.catalogue)
  useEffect(() => void loadCatalogue(), [])
  useEffect(() => getBridge().on('job', useQuantizeStore.getState().receive), [])
  if (document === null) return null
  if (catalogue === null) return <Loader size="sm" m="lg" aria-label={t('view.loading')} />
  return <Panel key={document.documentId} document={document} catalogue={catalogue} />
}

function Panel({ document, catalogue }: { readonly document: OpenDocument; readonly catalogue: Catalogue }): ReactNode {
  const { t } = useTranslation('quantize')
  const [view, setView] = useState<RecipeView>('form')
  const bySource = useVariantsStore((state) => state.bySource)
  const samples = useAppStore((state) => state.samples)
  const activePath = document.summary.path
  // A recipe is applied to the source: a variant of a variant would lose twice.
  const modelPath = variantAt(bySource, activePath)?.sourcePath ?? activePath
  const sampleData = initialData(samples, modelPath)
  const initial = recipeFor('int8', catalogue.recipes) ?? { name: 'custom', description: '', passes: [] }
  const draft = useQuantizeStore((state) => state.drafts[modelPath]) ?? draftOfRecipe(initial)
  const data = useQuantizeStore((state) => state.data[modelPath]) ?? sampleData
  const phone = useQuantizeStore((state) => state.phones[modelPath]) ?? null
  const setDraft = useQuantizeStore((state) => state.setDraft)
  const setData = useQuantizeStore((state) => state.setData)
  const runs = useQuantizeStore((state) => state.runs[modelPath] ?? NO_RUNS)
  const addRun = useQuantizeStore((state) => state.addRun)
  const last = useJobsStore((state) => state.jobs.find(({ jobId }) => runs.includes(jobId)))
  const running = last !== undefined && isUnfinished(last)
  const source = dataSource(data)
  const { recipe } = draft
  const problem = useRecipeProblem(recipe)
  const change = (next: Parameters<typeof draftOfRecipe>[0]): void => setDraft(modelPath, draftOfRecipe(next))
  const top = useRef<HTMLDivElement>(null)
  // While it runs, layers show at the top; what came of it stands further down.
  const result = useScrollToResult(running, 'start')
  const start = async (): Promise<void> => {
    if (recipe === null || source === null) return
    setView('form')
    // There the layers show as they are measured.
    top.current?.scrollIntoView({ block: 'start' })
    const jobId = await requestJob({ kind: 'optimize', params: { modelPath, recipe, data: source, ...(phone && { phone: { serial: phone.serial, options: {} } }) } })
    if (jobId !== null) addRun(modelPath, jobId)
  }
  const needsData = recipe?.passes.some(({ pass }) => catalogue.passes.find(({ name }) => name === pass)?.calibration === 'required') ?? false

  return (
    <div className={styles.panel}>
      <div ref={top} />
      <RecipeViews
        view={view}
        onView={setView}
        labels={{ views: t('views'), form: t('form'), json: t('json') }}
        text={draft.text}
        schema={catalogue.schema}
        onText={(text) => setDraft(modelPath, draftOfText(text))}
      >
        <div className={styles.body}>
          {recipe === null && (
            <div className={styles.data}>
              <p className={styles.note}>{t('noForm')}</p>
              <Button variant="default" onClick={() => change(initial)}>
                {t('startOver')}
              </Button>
            </div>
          )}
          {recipe !== null && (
            <>
              {running && <LayersSection documentId={document.documentId} modelPath={modelPath} />}
              <PrecisionSection recipe={recipe} catalogue={catalogue} modelPath={modelPath} onChange={change} />
              <div className={styles.data}>
                <DataPicker
                  label={t('data')}
                  value={data}
                  onChange={(next) => setData(modelPath, next)}
                  samplePath={sampleData.kind === 'sample' ? sampleData.path : null}
                  syntheticNote={needsData ? t('dataHint') : t('dataUnused')}
                  warnSynthetic={needsData}
                />
              </div>
              <AccuracySection recipe={recipe} catalogue={catalogue} onChange={change} />
              {precisionOf(recipe) !== null && precisionOf(recipe) !== 'float16-storage' && <OverridesSection recipe={recipe} builtIn={catalogue.recipes} onChange={change} />}
              <div ref={result}>{!running && <LayersSection documentId={document.documentId} modelPath={modelPath} />}</div>
              <SensitivitySection documentId={document.documentId} modelPath={modelPath} recipe={recipe} builtIn={catalogue.recipes} data={source} onChange={change} />
              <DistributionSection modelPath={modelPath} recipe={recipe} builtIn={catalogue.recipes} data={source} onChange={change} />
            </>
          )}
          <VariantsSection modelPath={modelPath} activePath={activePath} catalogue={catalogue} />
        </div>
      </RecipeViews>
      <footer className={styles.footer}>
        {draft.problem !== null && (
          <Alert color="red" p={8} mb={8} role="alert">
            {draft.isJson ? t('notRecipe', { problem: draft.problem }) : t('notJson')}
          </Alert>
        )}
        {problem === null && last?.state === 'failed' && (
          <Alert color="red" p={8} mb={8} role="alert">
            {t('failed', { reason: said(last.error.message) })} {last.error.hint !== undefined && <span className="dim">{said(last.error.hint)}</span>}
          </Alert>
        )}
        {problem !== null && (
          <Alert color="red" p={8} mb={8} role="alert">
            {said(problem.message)} {problem.hint !== undefined && <span className="dim">{said(problem.hint)}</span>}
          </Alert>
        )}
        <Button fullWidth loading={running} disabled={recipe === null || source === null || problem !== null} onClick={() => void start()}>
          {t('start')}
        </Button>
      </footer>
    </div>
  )
}
