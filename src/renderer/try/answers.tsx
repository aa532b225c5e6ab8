import { IconCheck, IconEqual, IconEqualNot, IconX } from '@tabler/icons-react'
import i18next from 'i18next'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { TryAnswer, TryResult, TryTask } from '#shared/samples/try'
import { formatDb, formatMs, formatRatio, quantityText } from '../format/format-number'
import { Figure } from '../format/figure'
import { said } from '../i18n/engine-words'
import { useModelTitle } from '../session/document-title'
import { useAppStore } from '../stores/app-store'
import { useTryStore } from './try-store'
import { AnswerOutput } from './answers/answer-output'
import { PictureComparison } from './answers/picture-comparison'
import styles from './try.module.css'

interface AnswersProps {
  readonly task: TryTask
  readonly result: TryResult
  readonly sourcePath: string
}

/** What each model answered, its time, and how it stands to the source and to the budget. */
export function Answers({ task, result, sourcePath }: AnswersProps): ReactNode {
  const { t } = useTranslation('try')
  const budgetMs = useAppStore((state) => state.samples.find(({ path }) => path === sourcePath)?.budget.latencyMs ?? null)
  const inWindow = useTryStore((state) => state.windowAnswers)
  const [reference] = result.answers
  const runs = reference?.latency ?? null
  return (
    <section className={styles.section} aria-label={t('answers')}>
      <h3 className={styles.heading}>{t('answers')}</h3>
      {task.kind === 'edit-picture' && result.preview.kind === 'picture' && <PictureComparison before={result.preview.picture} answers={result.answers} />}
      {result.answers.map((answer, at) => (
        <Answer key={answer.path} answer={answer} reference={at === 0 ? null : (reference ?? null)} task={task} budgetMs={budgetMs} />
      ))}
      {inWindow.map((answer) => (
        <Answer key={answer.path} answer={answer} reference={reference ?? null} task={task} budgetMs={budgetMs} inWindow />
      ))}
      {runs !== null && (
        <p className={styles.note}>
          {t('median', { runs: runs.runs, low: quantityText(formatMs(runs.p10Ms)), high: quantityText(formatMs(runs.p90Ms)) })} {t('runtime', { runtime: result.runtime })}
        </p>
      )}
    </section>
  )
}

interface AnswerProps {
  readonly answer: TryAnswer
  readonly reference: TryAnswer | null
  readonly task: TryTask
  readonly budgetMs: number | null
  /** Answered by the window's own runtime. */
  readonly inWindow?: boolean
}

function Answer({ answer, reference, task, budgetMs, inWindow = false }: AnswerProps): ReactNode {
  const { t } = useTranslation('try')
  const name = useModelTitle(answer.path)
  const title = inWindow ? t('inWindow', { name }) : name
  return (
    <article className={styles.answer} aria-label={title}>
      <div className={styles.answerTop}>
        <span className={`ellipsis ${styles.answerName ?? ''}`} title={title}>
          {title}
        </span>
        {answer.latency && <Figure {...formatMs(answer.latency.p50Ms)} />}
      </div>
      <div className={styles.facts}>
        <Budget answer={answer} budgetMs={budgetMs} />
        {reference && <Difference answer={answer} reference={reference} />}
      </div>
      {answer.error && <p className="bad">{said(answer.error.message)}</p>}
      {answer.output && <AnswerOutput output={answer.output} task={task} />}
    </article>
  )
}

function Budget({ answer: { latency }, budgetMs }: { readonly answer: TryAnswer; readonly budgetMs: number | null }): ReactNode {
  const { t } = useTranslation('try')
  if (budgetMs === null || latency === null) return null
  const met = latency.p50Ms <= budgetMs
  const Icon = met ? IconCheck : IconX
  return (
    <span className={`${styles.fact ?? ''} ${met ? 'good' : 'bad'}`}>
      <Icon size={12} aria-hidden />
      {t(met ? 'withinBudget' : 'overBudget', { budget: quantityText(formatMs(budgetMs)) })}
    </span>
  )
}

function Difference({ answer, reference }: { readonly answer: TryAnswer; readonly reference: TryAnswer }): ReactNode {
  const { t } = useTranslation('try')
  const same = firstLine(answer) === firstLine(reference)
  const Icon = same ? IconEqual : IconEqualNot
  return (
    <>
      {answer.latency && reference.latency && <span className="figures">{speedText(reference.latency.p50Ms / answer.latency.p50Ms)}</span>}
      {firstLine(reference) !== null && (
        <span className={`${styles.fact ?? ''} ${same ? '' : 'warning'}`}>
          <Icon size={12} aria-hidden />
          {t(same ? 'sameAnswer' : 'otherAnswer')}
        </span>
      )}
      {(answer.sqnrDb !== null || answer.sameAsFirst) && firstLine(reference) === null && <span className="figures">{t('sqnr', { db: quantityText(formatDb(answer.sqnrDb)) })}</span>}
    </>
  )
}

function speedText(ratio: number): string {
  if (Math.abs(ratio - 1) < 0.05) return i18next.t('try:equalSpeed')
  return ratio > 1 ? i18next.t('try:faster', { ratio: quantityText(formatRatio(ratio)) }) : i18next.t('try:slower', { ratio: quantityText(formatRatio(1 / ratio)) })
}

/** What somebody reads as the answer; null where it is not words. */
function firstLine({ output }: TryAnswer): string | null {
  switch (output?.kind) {
    case 'classes':
      return output.top[0]?.label ?? null
    case 'intent':
      return [output.top[0]?.label, ...output.slots.map(({ slot, text }) => `${slot}=${text}`)].join(' ')
    case 'text':
      return output.text
    default:
      return null
  }
}
