import type { CSSProperties, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { TryOutput, TryTask } from '#shared/samples/try'
import { formatPercent, quantityText, significant } from '../../format/format-number'
import type { tryEn } from '../i18n/en'
import styles from '../try.module.css'
import { InterestTable } from './interest-table'

/** One model's answer in the form that its kind has. Pictures are compared above all answers. */
export function AnswerOutput({ output, task }: { readonly output: TryOutput; readonly task: TryTask }): ReactNode {
  const { t } = useTranslation('try')
  switch (output.kind) {
    case 'classes':
      return <Ranks top={output.top} name={(label) => label} />
    case 'intent':
      return (
        <>
          <Ranks top={output.top.slice(0, 3)} name={(label) => (isKey(label, 'intents') ? t(`intents.${label}`) : label)} />
          {output.slots.length === 0 ? (
            <p className={styles.note}>{t('noSlots')}</p>
          ) : (
            <dl className={styles.slots}>
              {output.slots.map(({ slot, text }, at) => (
                <SlotRow key={`${at} ${slot}`} name={isKey(slot, 'slots') ? t(`slots.${slot}`) : slot} text={text} />
              ))}
            </dl>
          )}
        </>
      )
    case 'picture':
      return null
    case 'text':
      return output.text === '' ? <p className={styles.note}>{t('emptyText')}</p> : <div className={styles.read}>{output.text}</div>
    case 'scores':
      return task.kind === 'score-features' ? <InterestTable task={task} values={output.values} /> : null
    case 'tensors':
      return (
        <dl className={styles.slots}>
          {output.tensors.map(({ name, dtype, dims, min, max, mean, first }) => (
            <SlotRow
              key={name}
              name={name}
              text={`${min === null || max === null || mean === null ? `${dtype} [${dims.join(', ')}]` : t('tensorFacts', { dtype, dims: dims.join(', '), min: significant(min), max: significant(max), mean: significant(mean) })} · ${first.join(', ')} …`}
            />
          ))}
        </dl>
      )
  }
}

type KnownIntent = keyof (typeof tryEn)['intents']
type KnownSlot = keyof (typeof tryEn)['slots']
const INTENTS = ['set_alarm', 'set_timer', 'play_music', 'weather', 'call', 'message', 'navigate', 'open_app', 'lights', 'volume', 'photo', 'small_talk'] as const satisfies readonly KnownIntent[]
const SLOTS = ['time', 'duration', 'song', 'city', 'date', 'contact', 'text', 'place', 'app', 'room', 'switch', 'level'] as const satisfies readonly KnownSlot[]

function isKey(word: string, kind: 'intents'): word is KnownIntent
function isKey(word: string, kind: 'slots'): word is KnownSlot
function isKey(word: string, kind: 'intents' | 'slots'): boolean {
  return (kind === 'intents' ? INTENTS : SLOTS).some((known) => known === word)
}

function Ranks({ top, name }: { readonly top: readonly { label: string; share: number }[]; readonly name: (label: string) => string }): ReactNode {
  return (
    <ol className={styles.ranks}>
      {top.map(({ label, share }) => (
        <li key={label} className={styles.rank} style={{ '--share': share } as CSSProperties}>
          <span className="ellipsis">{name(label)}</span>
          <span className="figures">{quantityText(formatPercent(share))}</span>
        </li>
      ))}
    </ol>
  )
}

function SlotRow({ name, text }: { readonly name: string; readonly text: string }): ReactNode {
  return (
    <>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </>
  )
}
