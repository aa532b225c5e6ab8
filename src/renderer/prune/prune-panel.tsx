import { Accordion, Button, Loader, NumberInput, Select, Slider } from '@mantine/core'
import { lazy, Suspense, useEffect, useMemo, useState, type ReactNode } from 'react'
import type { PruneCurves } from '#shared/prune'
import { jobKinds } from '#shared/ipc/jobs'
import { groupColour } from '../canvas/scene/heat'
import { dataSource, initialData } from '../optimize/data-choice'
import { DataPicker } from '../optimize/data-picker'
import { loadCatalogue } from '../optimize/load-catalogue'
import { startJob } from '../session/jobs'
import { useAppStore } from '../stores/app-store'
import { documentState, useEditStore } from '../stores/edit-store'
import { isUnfinished, useJobsStore, type Job } from '../stores/jobs-store'
import { showOverlay, useOverlayStore } from '../stores/overlay-store'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import { DISTRIBUTIONS, groupOverlay, IMPORTANCES, INITIAL_CHOICE, layerLabel, type PruneChoice, pruneRecipe, RECOVERIES, shrinkingGroups, TARGETS } from './prune-choice'
import { PruneGroups } from './prune-groups'
import { ProtectedLayers } from './protected-layers'
import { PruneResults } from './prune-results'
import { usePruneTexts } from './prune-texts'
import { Savings } from './savings'
import { usePrunePreview } from './use-prune-preview'
import styles from './prune.module.css'

const CurvesChart = lazy(() => import('./curves-chart'))

/** Structured pruning beside the graph: what would go is shown there before anything is done. */
export default function PrunePanel(): ReactNode {
  const document = useSessionStore(activeDocument)
  return document === null ? null : <PruneForm key={document.documentId} documentId={document.documentId} path={document.summary.path} />
}

function PruneForm({ documentId, path }: { readonly documentId: string; readonly path: string }): ReactNode {
  const t = usePruneTexts()
  const samples = useAppStore((state) => state.samples)
  const catalogue = useAppStore((state) => state.catalogue)
  const bySource = useVariantsStore((state) => state.bySource)
  const sourcePath = variantAt(bySource, path)?.sourcePath ?? path
  const states = useEditStore((state) => state.states)
  const [choice, setChoice] = useState(INITIAL_CHOICE)
  const sampleData = initialData(samples, sourcePath)
  const [data, setData] = useState(sampleData)
  const source = dataSource(data)
  const curves = useCurves(path)
  const { preview, problem } = usePrunePreview(documentId, documentState({ states }, documentId).revision, { choice, curves: curves.result?.curves ?? null })
  const change = (fields: Partial<PruneChoice>): void => setChoice({ ...choice, ...fields })
  useEffect(() => void loadCatalogue(), [])

  const overlay = useMemo(() => preview && groupOverlay(preview, { documentId, title: t('overlay'), nameOf: ({ layers: [first] }) => (first ? layerLabel(first) : '') }), [preview, documentId, t])
  useEffect(() => {
    if (overlay) showOverlay(overlay)
    else useOverlayStore.getState().remove('prune')
  }, [overlay])
  useEffect(() => () => useOverlayStore.getState().remove('prune'), [])

  const colourOf = useMemo(() => {
    const colours = new Map((preview ? shrinkingGroups(preview) : []).flatMap(({ layers }, index) => layers.map(({ nodeId }): [number, string] => [nodeId, groupColour(index).background])))
    return (nodeId: number) => colours.get(nodeId) ?? null
  }, [preview])

  const recipe = catalogue && pruneRecipe(catalogue.recipes, choice)
  const start = (): void => {
    if (recipe && source) void startJob({ kind: 'optimize', params: { modelPath: path, recipe, data: source } })
  }
  const percent = `${Math.round(choice.amount * 100)} %`

  return (
    <div className={styles.page}>
      <div className={styles.body}>
        <p className={styles.lead}>{t('lead')}</p>
        <Select size="xs" label={t('target')} allowDeselect={false} data={TARGETS.map((value) => ({ value, label: t(`targets.${value}`) }))} value={choice.target} onChange={(value) => change({ target: TARGETS.find((known) => known === value) ?? 'macs' })} />
        <div className={styles.amount}>
          <span className={styles.amountLabel}>{t('amount')}</span>
          <Slider size="sm" min={5} max={80} step={5} label={null} thumbLabel={t('amount')} value={Math.round(choice.amount * 100)} onChange={(value) => change({ amount: value / 100 })} />
          <span className={`${styles.amountValue} figures`}>{percent}</span>
        </div>
        <Select size="xs" label={t('distribution')} allowDeselect={false} data={DISTRIBUTIONS.map((value) => ({ value, label: t(`distributions.${value}`) }))} value={choice.distribution} onChange={(value) => change({ distribution: DISTRIBUTIONS.find((known) => known === value) ?? 'even' })} />
        <Select size="xs" label={t('recovery')} description={t(`recoveryHints.${choice.recovery}`)} inputWrapperOrder={['label', 'input', 'description']} allowDeselect={false} data={RECOVERIES.map((value) => ({ value, label: t(`recoveries.${value}`) }))} value={choice.recovery} onChange={(value) => change({ recovery: RECOVERIES.find((known) => known === value) ?? 'refit' })} />
        <Accordion variant="default" chevronSize={14} classNames={{ control: styles.moreControl ?? '', label: styles.moreLabel ?? '', content: styles.moreContent ?? '' }}>
          <Accordion.Item value="more">
            <Accordion.Control>{t('more')}</Accordion.Control>
            <Accordion.Panel>
              <Select size="xs" label={t('importance')} allowDeselect={false} data={IMPORTANCES.map((value) => ({ value, label: t(`importances.${value}`) }))} value={choice.importance} onChange={(value) => change({ importance: IMPORTANCES.find((known) => known === value) ?? 'reconstruction' })} />
              <NumberInput size="xs" label={t('roundTo')} description={t('roundToHint')} min={1} max={64} allowDecimal={false} value={choice.roundTo} onChange={(value) => typeof value === 'number' && value >= 1 && change({ roundTo: value })} />
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
        <ProtectedLayers names={choice.excludeNodes} onChange={(excludeNodes) => change({ excludeNodes })} />
        <DataPicker label={t('data')} value={data} onChange={setData} samplePath={sampleData.kind === 'sample' ? sampleData.path : null} syntheticNote={t('synthetic')} warnSynthetic />

        <h3 className={styles.heading}>{t('preview')}</h3>
        {problem !== null ? (
          <p className={styles.note} role="alert">
            {t('failed', { message: problem })}
          </p>
        ) : preview === null ? (
          <Loader size="xs" aria-label={t('working')} />
        ) : (
          <>
            <Savings preview={preview} path={path} />
            <PruneGroups preview={preview} />
          </>
        )}

        <h3 className={styles.heading}>
          {t('curves')}
          <Button size="compact-xs" variant="default" loading={curves.running} disabled={source === null} onClick={() => source && void startJob({ kind: 'prune-curves', params: { modelPath: path, data: source, importance: choice.importance, roundTo: choice.roundTo } })}>
            {t(curves.result === null ? 'measure' : 'measureAgain')}
          </Button>
        </h3>
        {curves.result === null ? (
          <p className={styles.note}>{t('curvesLead')}</p>
        ) : (
          <Suspense fallback={<Loader size="xs" aria-label={t('measuring')} />}>
            <CurvesChart curves={curves.result.curves} label={t('curvesLabel')} axis={t('curvesAxis')} colourOf={colourOf} className={styles.chart ?? ''} />
            <p className={styles.note} title={curves.result.conditions}>
              {t('curvesConditions')}
            </p>
          </Suspense>
        )}
        <PruneResults sourcePath={sourcePath} />
      </div>
      <div className={styles.footer}>
        <Button fullWidth onClick={start} disabled={!recipe || source === null || problem !== null}>
          {t('apply', { percent })}
        </Button>
      </div>
    </div>
  )
}

/** The latest curves of the model, and whether new ones are on their way. */
function useCurves(path: string): { readonly result: PruneCurves | null; readonly running: boolean } {
  const jobs = useJobsStore((state) => state.jobs)
  return useMemo(() => {
    const own = jobs.filter((job) => job.kind === 'prune-curves' && job.modelPath === path)
    const done = own.find((job): job is Extract<Job, { state: 'done' }> => job.state === 'done')
    return { result: done ? jobKinds['prune-curves'].result.parse(done.result) : null, running: own.some(isUnfinished) }
  }, [jobs, path])
}
