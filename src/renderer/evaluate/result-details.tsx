import { SegmentedControl } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { describePreprocessing } from '#shared/evaluation/preprocessing'
import { said } from '../i18n/engine-words'
import { ClassTable } from './class-table'
import { ConfusionMatrix } from './confusion-matrix'
import styles from './evaluate.module.css'
import type { EvaluationRow } from './evaluation-rows'
import { LayerErrors } from './layer-errors'
import { WorstSamples } from './worst-samples'

const VIEWS = ['worst', 'confusion', 'classes', 'layers', 'left', 'conditions'] as const
type View = (typeof VIEWS)[number]

/** What lies behind the figure of one model. */
export function ResultDetails({ row, sourcePath }: { readonly row: EvaluationRow; readonly sourcePath: string }): ReactNode {
  const { t } = useTranslation('evaluate')
  const [view, setView] = useState<View>('worst')
  const shown = row.result ?? row.partial
  return (
    <div className={styles.details}>
      <SegmentedControl size="xs" value={view} onChange={(value) => setView(VIEWS.find((name) => name === value) ?? 'worst')} data={VIEWS.map((name) => ({ value: name, label: t(`views.${name}`) }))} className={styles.views ?? ''} />
      <div className={styles.view}>
        {row.error !== null && row.state === 'failed' && (
          <p className="bad" role="alert">
            {said(row.error.message)} {said(row.error.hint ?? '')}
          </p>
        )}
        {view === 'worst' && shown !== null && <WorstSamples samples={shown.worst} dataPath={row.result?.data.path ?? null} />}
        {view === 'confusion' && (shown?.confusion ? <ConfusionMatrix matrix={shown.confusion} names={shown.classNames} /> : <p className={styles.quiet}>{t('noConfusion')}</p>)}
        {view === 'classes' && row.result !== null && <ClassTable result={row.result} />}
        {view === 'layers' && <LayerErrors sourcePath={sourcePath} row={row} />}
        {view === 'left' && row.result !== null && <LeftOut row={row} />}
        {view === 'conditions' && row.result !== null && <Conditions row={row} />}
      </div>
    </div>
  )
}

function LeftOut({ row }: { readonly row: EvaluationRow }): ReactNode {
  const { t } = useTranslation('evaluate')
  const first = row.result?.skipped.first ?? []
  if (first.length === 0) return <p className={styles.quiet}>–</p>
  return (
    <table className={styles.plain}>
      <thead>
        <tr>
          <th>{t('sample')}</th>
          <th>{t('reason')}</th>
        </tr>
      </thead>
      <tbody>
        {first.map(({ name, reason }) => (
          <tr key={name}>
            <td className="mono">{name}</td>
            <td>{said(reason)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Conditions({ row }: { readonly row: EvaluationRow }): ReactNode {
  const { t } = useTranslation('evaluate')
  const { result } = row
  if (result === null) return null
  const { conditions, durationMs, inferenceMs, data, preprocessing, diagnostics, cached } = result
  return (
    <div className={styles.conditions}>
      <p>{t('conditionsText', { device: conditions.device, runtime: conditions.runtime, seconds: (durationMs / 1000).toFixed(1), inference: (inferenceMs / 1000).toFixed(1), data: said(`${data.description}; ${describePreprocessing(preprocessing)}`) })}</p>
      {conditions.exactIntegers && <p>{t('exact')}</p>}
      {cached && <p>{t('cached', { date: new Date(conditions.measuredAt).toLocaleString() })}</p>}
      {diagnostics.map(({ code, message, hint, severity }) => (
        <p key={code} className={severity === 'error' ? 'bad' : 'warning'}>
          {said(message)} {said(hint ?? '')}
        </p>
      ))}
    </div>
  )
}
