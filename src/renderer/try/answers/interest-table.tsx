import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { TryTask } from '#shared/samples/try'
import { formatPercent, quantityText } from '../../format/format-number'
import { localized } from '../../i18n/localized'
import styles from '../try.module.css'

/** From here on a push goes out at once, or is kept for the digest. */
const AT_ONCE = 0.6
const DIGEST = 0.3

interface InterestTableProps {
  readonly task: Extract<TryTask, { kind: 'score-features' }>
  /** One's own first, then the task's rows. */
  readonly values: readonly number[]
}

/** Topics in the order in which their messages would be pushed. */
export function InterestTable({ task, values }: InterestTableProps): ReactNode {
  const { t } = useTranslation('try')
  const rows = values.map((value, at) => ({ value, own: at === 0, name: at === 0 ? t('yourTopic') : localized(task.rows[at - 1]?.name ?? { en: '', zh: '' }) }))
  rows.sort((a, b) => b.value - a.value)
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th>{t('topic')}</th>
          <th>{t('interest')}</th>
          <th>{t('push')}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, value, own }) => (
          <tr key={name} data-own={own || undefined}>
            <td>{name}</td>
            <td className="figures">{quantityText(formatPercent(value))}</td>
            <td className={value >= AT_ONCE ? 'good' : value >= DIGEST ? '' : 'dim'}>{t(value >= AT_ONCE ? 'levels.high' : value >= DIGEST ? 'levels.medium' : 'levels.low')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
