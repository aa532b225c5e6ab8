import { Button, Loader } from '@mantine/core'
import { IconFlag3 } from '@tabler/icons-react'
import type { ColumnDef } from '@tanstack/react-table'
import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { LayerError, LayerErrorResult } from '#shared/evaluation/layer-error-result'
import { jobKinds } from '#shared/ipc/jobs'
import { said } from '../i18n/engine-words'
import { DataTable, type ColumnLook } from '../panels/data-table'
import { goToNodes } from '../session/go-to-node'
import { isUnfinished, useJobsStore } from '../stores/jobs-store'
import { showOverlay } from '../stores/overlay-store'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { findBadLayer } from './evaluate-actions'
import { choiceOf, useEvaluateStore } from './evaluate-store'
import styles from './evaluate.module.css'
import type { EvaluationRow } from './evaluation-rows'

const LOOKS: readonly ColumnLook[] = [{ width: 'minmax(120px, 1fr)' }, { width: '120px' }, { width: 'minmax(120px, 1fr)' }, { width: '80px', align: 'right' }]
/** Where the scale of the bars and the colours ends: better than this is no worry. */
const BEST_DB = 60

/** Every node of a variant beside the source's, and the first where it goes wrong. */
export function LayerErrors({ sourcePath, row }: { readonly sourcePath: string; readonly row: EvaluationRow }): ReactNode {
  const { t } = useTranslation('evaluate')
  const jobId = useEvaluateStore((state) => state.layerJobs[row.path])
  const job = useJobsStore((state) => state.jobs.find((candidate) => candidate.jobId === jobId))
  const ready = useEvaluateStore((state) => choiceOf(state.choices, sourcePath).dataPath !== null)
  const result = useMemo(() => (job?.state === 'done' ? jobKinds['layer-error'].result.parse(job.result) : null), [job])
  if (row.isSource) return <p className={styles.quiet}>{t('layersSource')}</p>
  return (
    <div className={styles.layers}>
      <div className={styles.layersBar}>
        <Button variant="default" disabled={!ready || (job !== undefined && isUnfinished(job))} onClick={() => void findBadLayer(sourcePath, row.path)}>
          {t('findLayer')}
        </Button>
        {job !== undefined && isUnfinished(job) && <Loader size="xs" />}
        {job?.state === 'failed' && <span className="bad">{said(job.error.message)}</span>}
        {result === null ? <span className="dim">{t('layersIntro')}</span> : <Finding result={result} />}
      </div>
      {result !== null && <LayerTable result={result} />}
    </div>
  )
}

/** Which node of a layer the model shown has. */
function useNodeOf(result: LayerErrorResult): ((layer: LayerError) => number) | null {
  const path = useSessionStore((state) => activeDocument(state)?.summary.path)
  if (path === result.source) return ({ sourceNode }) => sourceNode.id
  return path === result.variant ? ({ variantNode }) => variantNode.id : null
}

function Finding({ result }: { readonly result: LayerErrorResult }): ReactNode {
  const { t } = useTranslation('evaluate')
  const documentId = useSessionStore((state) => state.activeDocumentId)
  const nodeOf = useNodeOf(result)
  const first = result.firstBad === null ? undefined : result.layers[result.firstBad]
  const colour = (): void => {
    if (documentId === null || nodeOf === null) return
    const nodes = new Map(result.layers.map((layer) => [nodeOf(layer), { level: 1 - Math.max(0, Math.min(1, layer.sqnrDb / BEST_DB)), text: `${layer.sqnrDb.toFixed(1)} dB` }]))
    showOverlay({ id: 'layer-error', documentId, title: t('overlay'), nodes, legend: { scale: [`≥ ${String(BEST_DB)} dB`, `${String(BEST_DB / 2)} dB`, '≤ 0 dB'] } })
  }
  return (
    <>
      <span role="status" className={first ? 'bad' : 'good'}>
        {first ? t('firstBad', { db: result.badDb, name: first.sourceNode.name || first.sourceNode.opType }) : t('noBad', { db: result.badDb })}
      </span>
      <Button variant="subtle" size="compact-xs" disabled={nodeOf === null} onClick={colour}>
        {t('showOnGraph')}
      </Button>
    </>
  )
}

function LayerTable({ result }: { readonly result: LayerErrorResult }): ReactNode {
  const { t } = useTranslation('evaluate')
  const nodeOf = useNodeOf(result)
  const columns = useMemo((): ColumnDef<LayerError>[] => {
    const first = result.firstBad === null ? undefined : result.layers[result.firstBad]
    return [
      {
        id: 'node',
        header: t('node'),
        accessorFn: ({ sourceNode }) => sourceNode.name || sourceNode.opType,
        cell: ({ row, getValue }) => (
          <span className={styles.cut}>
            {row.original === first && <IconFlag3 size={13} className="bad" aria-hidden />} {getValue<string>()}
          </span>
        ),
      },
      { id: 'operator', header: t('operator'), accessorFn: ({ sourceNode }) => sourceNode.opType },
      { id: 'sqnr', header: 'SQNR', accessorKey: 'sqnrDb', cell: ({ row }) => <Bar db={row.original.sqnrDb} badDb={result.badDb} /> },
      { id: 'cosine', header: t('cosine'), accessorKey: 'cosine', cell: ({ row }) => row.original.cosine.toFixed(4) },
    ]
  }, [t, result])
  const select = nodeOf === null ? undefined : (layer: LayerError) => void goToNodes([nodeOf(layer)])
  return (
    <div className={styles.layerTable}>
      <DataTable label={t('views.layers')} rows={result.layers} columns={columns} looks={LOOKS} empty="" {...(select && { onSelect: select })} />
    </div>
  )
}

function Bar({ db, badDb }: { readonly db: number; readonly badDb: number }): ReactNode {
  return (
    <span className={styles.bar}>
      <span className={styles.barTrack}>
        <span className={styles.barFill} data-bad={db < badDb || undefined} style={{ width: `${Math.max(0, Math.min(1, db / BEST_DB)) * 100}%` }} />
      </span>
      <span className={styles.barText}>{`${db.toFixed(1)} dB`}</span>
    </span>
  )
}
