import { useEffect, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useAppStore } from '../stores/app-store'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import { useJobsStore } from '../stores/jobs-store'
import { choiceOf, useEvaluateStore } from './evaluate-store'
import { lookAtData, recallEvaluations } from './evaluate-actions'
import styles from './evaluate.module.css'
import { EvaluationSetupForm } from './evaluation-setup-form'
import { useEvaluationRows } from './evaluation-rows'
import { addEvaluateTexts } from './i18n/evaluate-texts'
import { ResultDetails } from './result-details'
import { ResultTable } from './result-table'

addEvaluateTexts()

/** How good the source and its variants are on the person's own data. */
export default function EvaluatePanel(): ReactNode {
  const { t } = useTranslation('evaluate')
  const activePath = useSessionStore((state) => activeDocument(state)?.summary.path ?? null)
  const bySource = useVariantsStore((state) => state.bySource)
  if (activePath === null) return <p className={styles.empty}>{t('needsModel')}</p>
  return <SourceEvaluation sourcePath={variantAt(bySource, activePath)?.sourcePath ?? activePath} />
}

function SourceEvaluation({ sourcePath }: { readonly sourcePath: string }): ReactNode {
  const { t } = useTranslation('evaluate')
  const rows = useEvaluationRows(sourcePath)
  const selectedPath = useEvaluateStore((state) => state.selected)
  const select = useEvaluateStore((state) => state.select)
  const choose = useEvaluateStore((state) => state.choose)
  const dataPath = useEvaluateStore((state) => choiceOf(state.choices, sourcePath).dataPath)
  const sample = useAppStore((state) => state.samples.find(({ path }) => path === sourcePath))
  useKeptResults(rows.map(({ path }) => path))
  useEffect(() => {
    if (dataPath !== null || sample === undefined || sample.evaluationPath === null) return
    if (sample.metric !== null) choose(sourcePath, { metric: sample.metric })
    void lookAtData(sourcePath, sample.evaluationPath)
  }, [dataPath, sample, choose, sourcePath])
  const selected = rows.find(({ path }) => path === selectedPath) ?? rows[0]
  const started = rows.some(({ state }) => state !== 'not-run')
  return (
    <div className={styles.panel}>
      <EvaluationSetupForm sourcePath={sourcePath} rows={rows} />
      {started ? (
        <div className={styles.results}>
          <div className={styles.columns}>
            <ResultTable rows={rows} selected={selected?.path ?? null} onSelect={select} />
            {selected && <ResultDetails key={selected.path} row={selected} sourcePath={sourcePath} />}
          </div>
        </div>
      ) : (
        <p className={styles.empty}>{t('empty')}</p>
      )}
    </div>
  )
}


/** Asked for once a model, and again when one of its evaluations has ended. */
function useKeptResults(paths: readonly string[]): void {
  const finished = useJobsStore((state) => state.jobs.filter(({ kind, state: at }) => kind === 'evaluate' && at === 'done').length)
  const key = paths.join('\n')
  useEffect(() => {
    for (const path of key.split('\n')) void recallEvaluations(path)
  }, [key, finished])
}
