import { Alert, Button, Loader, SegmentedControl, Switch } from '@mantine/core'
import { useEffect, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { jobKinds, type RecipePreview } from '#shared/ipc/jobs'
import type { OpenDocument } from '#shared/ipc/contract'
import { withoutFolders } from '#shared/without-folders'
import { formatInteger, formatPercent, quantityText } from '../format/format-number'
import { said } from '../i18n/engine-words'
import { Section } from '../inspector/property-list'
import { dataSource, initialData } from '../optimize/data-choice'
import { loadCatalogue } from '../optimize/load-catalogue'
import { FreeDims } from '../profile/free-dims'
import { freeDimensions, oneSample } from '../profile/free-dimensions'
import { startJob } from '../session/jobs'
import { useAppStore, type Catalogue } from '../stores/app-store'
import { documentState, useEditStore } from '../stores/edit-store'
import { isUnfinished, useJobsStore } from '../stores/jobs-store'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import { addSimplifyTexts } from './i18n/simplify-texts'
import { MemorySection } from './memory-section'
import { OrtGraphSection } from './ort-graph-section'
import { PassList } from './pass-list'
import { initialChoice, recipeOf } from './simplify-recipe'
import { choiceFor, useSimplifyStore } from './simplify-store'
import styles from './simplify.module.css'

addSimplifyTexts()

/** Fewer nodes, the same results: what to do, what it would do, and what it does to memory. */
export default function SimplifyPanel(): ReactNode {
  const { t } = useTranslation()
  const document = useSessionStore(activeDocument)
  const catalogue = useAppStore((state) => state.catalogue)
  useEffect(() => void loadCatalogue(), [])
  if (document === null) return null
  if (catalogue === null) return <Loader size="sm" m="lg" aria-label={t('view.loading')} />
  return <Panel key={document.documentId} document={document} catalogue={catalogue} />
}

function Panel({ document, catalogue }: { readonly document: OpenDocument; readonly catalogue: Catalogue }): ReactNode {
  const { t } = useTranslation('simplify')
  const bySource = useVariantsStore((state) => state.bySource)
  const samples = useAppStore((state) => state.samples)
  const activePath = document.summary.path
  const modelPath = variantAt(bySource, activePath)?.sourcePath ?? activePath
  const choice = useSimplifyStore((state) => choiceFor(state.choices, modelPath))
  const choose = useSimplifyStore((state) => state.choose)
  const revision = useEditStore((state) => documentState(state, document.documentId).revision)
  const recipe = recipeOf(choice, catalogue.recipes)
  const { running, preview, isStale } = usePreview(modelPath, JSON.stringify(recipe?.passes))
  const data = dataSource(initialData(samples, modelPath)) ?? { kind: 'synthetic', samples: 2 }
  const sizes = { ...oneSample(document.summary.inputs), ...choice.dims }
  const hasFreeDims = freeDimensions(document.summary.inputs).length > 0

  return (
    <div className={styles.panel}>
      <div className={styles.body}>
        <Section title={t('forms')}>
          <SegmentedControl
            fullWidth
            aria-label={t('forms')}
            value={choice.form}
            onChange={(form) => choose(modelPath, { ...initialChoice(form), dims: choice.dims, fixDims: choice.fixDims })}
            data={[
              { value: 'standard', label: t('standard') },
              { value: 'onnxruntime', label: t('onnxruntime') },
            ]}
          />
          <p className={styles.note}>{t(choice.form === 'standard' ? 'standardHint' : 'onnxruntimeHint')}</p>
        </Section>
        <Section title={t('passes')}>
          <PassList choice={choice} passes={catalogue.passes} reports={preview?.passes ?? null} onChange={(next) => choose(modelPath, next)} />
        </Section>
        {hasFreeDims && (
          <Section title={t('dims')}>
            <FreeDims inputs={document.summary.inputs} dims={choice.dims} onChange={(dims) => choose(modelPath, { ...choice, dims })} />
            <Switch mt={10} label={t('fixDims')} description={t('fixDimsHint')} checked={choice.fixDims} disabled={Object.keys(choice.dims).length === 0} onChange={(event) => choose(modelPath, { ...choice, fixDims: event.currentTarget.checked })} />
          </Section>
        )}
        <MemorySection documentId={document.documentId} revision={revision} dims={sizes} preview={isStale ? null : preview} />
        <OrtGraphSection modelPath={activePath} />
      </div>
      <footer className={styles.footer}>
        {preview === null ? <p className={styles.note}>{t('previewHint')}</p> : <Totals preview={preview} isStale={isStale} />}
        <div className={styles.buttons}>
          <Button variant="default" loading={running} disabled={recipe === null} onClick={() => recipe && void startJob({ kind: 'preview', params: { modelPath, recipe, data, dims: sizes } })}>
            {t(preview === null ? 'preview' : 'previewAgain')}
          </Button>
          <Button disabled={recipe === null} onClick={() => recipe && void startJob({ kind: 'optimize', params: { modelPath, recipe, data } })}>
            {t('apply')}
          </Button>
        </div>
      </footer>
    </div>
  )
}

/** The newest finished preview of this model, whether one is under way, and whether the choice has changed since. */
function usePreview(modelPath: string, passes: string | undefined): { running: boolean; preview: RecipePreview | null; isStale: boolean } {
  const job = useJobsStore((state) => state.jobs.find((candidate) => candidate.kind === 'preview' && candidate.modelPath === modelPath && candidate.state === 'done'))
  const running = useJobsStore((state) => state.jobs.some((candidate) => candidate.kind === 'preview' && candidate.modelPath === modelPath && isUnfinished(candidate)))
  const parsed = job?.state === 'done' ? jobKinds.preview.result.safeParse(job.result) : null
  const preview = parsed?.success === true ? parsed.data : null
  return { running, preview, isStale: preview !== null && JSON.stringify(preview.recipe.passes) !== passes }
}

function Totals({ preview, isStale }: { readonly preview: RecipePreview; readonly isStale: boolean }): ReactNode {
  const { t } = useTranslation('simplify')
  const { nodesBefore, nodesAfter, data, diagnostics } = preview
  const undone = preview.passes.flatMap((pass) => pass.diagnostics).filter(({ code }) => code === 'pass-undone')
  return (
    <>
      <div className={styles.totals} data-stale={isStale}>
        <span className="dim">{t('nodes')}</span>
        <span className="figures">
          <span className="dim">{formatInteger(nodesBefore)} → </span>
          <b>{formatInteger(nodesAfter)}</b>
        </span>
        <span className={`figures ${nodesAfter < nodesBefore ? 'good' : 'dim'}`}>{nodesBefore === nodesAfter ? '' : `${nodesAfter < nodesBefore ? '−' : '+'}${quantityText(formatPercent(Math.abs(nodesBefore - nodesAfter) / nodesBefore))}`}</span>
      </div>
      <p className={`${styles.note} ${styles.oneLine}`} title={said(data)}>{isStale ? t('stale') : diagnostics.some(({ code }) => code === 'not-verified') ? t('notVerified') : t('verified', { data: said(withoutFolders(data)) })}</p>
      {undone.map(({ message }) => (
        <Alert key={message} color="yellow" variant="light" p={8} mb={8}>
          {said(message)}
        </Alert>
      ))}
    </>
  )
}
