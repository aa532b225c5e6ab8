import { Button, Loader } from '@mantine/core'
import { lazy, Suspense, useMemo, type ReactNode } from 'react'
import { type DataSource, jobKinds } from '#shared/ipc/jobs'
import type { PruneCurves, PrunePreview } from '#shared/prune'
import { groupColour } from '../canvas/scene/heat'
import { formatPercent, quantityText } from '../format/format-number'
import { said } from '../i18n/engine-words'
import { startJob } from '../session/jobs'
import { isUnfinished, useJobsStore, type Job } from '../stores/jobs-store'
import { choiceOf, groupOverlay, layerLabel, shortfall, shrinkingGroups } from './prune-choice'
import { PruneGroups } from './prune-groups'
import { PreviewFrame } from './preview-frame'
import { usePruneTexts } from './prune-texts'
import { Savings } from './savings'
import { useNothingToDo } from './use-nothing-to-do'
import { usePreview } from './use-preview'
import { usePruneOverlay } from './use-prune-overlay'
import styles from './prune.module.css'

const CurvesChart = lazy(() => import('./curves-chart'))

interface ChannelPreviewProps {
  readonly documentId: string
  readonly path: string
  readonly revision: number
  readonly options: Readonly<Record<string, unknown>>
  /** To measure curves on; null while none is chosen. */
  readonly data: DataSource | null
  readonly onNothing: (isNothing: boolean) => void
}

/** Channels that would go, on the graph and as a list; what that saves; and what each layer costs, once measured. */
export function ChannelPreview({ documentId, path, revision, options, data, onNothing }: ChannelPreviewProps): ReactNode {
  const t = usePruneTexts()
  const curves = useCurves(path)
  const { preview, problem } = usePreview('prune.preview', { documentId, options, curves: curves.result?.curves ?? null }, revision)
  const overlay = useMemo(() => preview && groupOverlay(preview, { documentId, title: t('overlay'), nameOf: ({ layers: [first] }) => (first ? layerLabel(first) : '') }), [preview, documentId, t])
  usePruneOverlay(overlay)
  const colourOf = useMemo(() => coloursOf(preview), [preview])
  const choice = choiceOf(options)
  const { importance, roundTo, target } = choice
  const short = preview && shortfall(preview, choice)
  useNothingToDo(preview !== null && shrinkingGroups(preview).length === 0, onNothing)
  return (
    <>
      <h3 className={styles.heading}>{t('preview')}</h3>
      <PreviewFrame problem={problem} isReady={preview !== null}>
        {preview && shrinkingGroups(preview).length > 0 && (
          <>
            <Savings preview={preview} path={path} />
            {short !== null && <p className={`${styles.note} warning`}>{t('short', { percent: quantityText(formatPercent(short)) })}</p>}
            {preview.macs === null && target === 'macs' && <p className={`${styles.note} warning`}>{t('macsUnknown')}</p>}
          </>
        )}
        {preview && <PruneGroups preview={preview} />}
      </PreviewFrame>
      <h3 className={styles.heading}>
        {t('curves')}
        <Button size="compact-xs" variant="default" loading={curves.running} disabled={data === null} onClick={() => data && void startJob({ kind: 'prune-curves', params: { modelPath: path, data, importance, roundTo } })}>
          {t(curves.result === null ? 'measure' : 'measureAgain')}
        </Button>
      </h3>
      {curves.result === null ? (
        <p className={styles.note}>{t('curvesLead')}</p>
      ) : (
        <Suspense fallback={<Loader size="xs" aria-label={t('measuring')} />}>
          <CurvesChart curves={curves.result.curves} label={t('curvesLabel')} axis={t('curvesAxis')} colourOf={colourOf} className={styles.chart ?? ''} />
          <p className={styles.note} title={said(curves.result.conditions)}>
            {t('curvesConditions')}
          </p>
        </Suspense>
      )}
    </>
  )
}

function coloursOf(preview: PrunePreview | null): (nodeId: number) => string | null {
  const colours = new Map((preview ? shrinkingGroups(preview) : []).flatMap(({ layers }, index) => layers.map(({ nodeId }): [number, string] => [nodeId, groupColour(index).background])))
  return (nodeId) => colours.get(nodeId) ?? null
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
