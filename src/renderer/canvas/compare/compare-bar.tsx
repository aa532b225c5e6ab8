import { ActionIcon, Loader, Tooltip, UnstyledButton } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ActionIconButton } from '../../actions/action-icon-button'
import { said } from '../../i18n/engine-words'
import { selectedDifference, stepDifference, stopComparing } from '../../session/compare-models'
import { reportError } from '../../session/report-error'
import type { ComparedPair, Comparison } from '../../stores/compare-store'
import { useSelectionStore } from '../../stores/selection-store'
import { useSessionStore } from '../../stores/session-store'
import { diffColour } from '../scene/heat'
import { diffTones } from './compare-index'
import styles from './compare-view.module.css'

/** The legend, which counts and leads to each sort of difference, and the way through all of them. */
export function CompareBar({ pair, comparison }: { readonly pair: ComparedPair; readonly comparison: Comparison | null }): ReactNode {
  const { t } = useTranslation('canvas')
  return (
    <div className={styles.bar} role="toolbar" aria-label={t('compare.bar')}>
      <div className={styles.legend}>
        <Legend comparison={comparison} />
      </div>
      {comparison !== null && (comparison.found?.index.differences.length ?? 0) > 0 && (
        <>
          <ActionIconButton id="previous-difference" />
          <Place pair={pair} comparison={comparison} />
          <ActionIconButton id="next-difference" />
        </>
      )}
      <Tooltip label={t('compare.stop')}>
        <ActionIcon aria-label={t('compare.stop')} onClick={stopComparing}>
          <IconX size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </div>
  )
}

function Legend({ comparison }: { readonly comparison: Comparison | null }): ReactNode {
  const { t } = useTranslation('canvas')
  if (comparison === null) return <Loader size="xs" aria-label={t('compare.comparing')} />
  if (comparison.found === null) return <span className="bad">{[comparison.error?.message ?? '', comparison.error?.hint ?? ''].map(said).join(' ')}</span>
  const { diff, index } = comparison.found
  const tones = diffTones.filter((tone) => index.counts[tone] > 0)
  return (
    <>
      {tones.map((tone) => (
        <Tooltip key={tone} label={t(`compare.tips.${tone}`)} multiline maw={280}>
          <UnstyledButton className={styles.chip} onClick={() => void stepDifference(1, tone).catch(reportError)}>
            <span className={styles.swatch} style={{ background: diffColour(tone).background }} aria-hidden />
            {t(`compare.tones.${tone}`)} {index.counts[tone]}
          </UnstyledButton>
        </Tooltip>
      ))}
      <span className={styles.chip}>
        <span className={styles.swatch} style={{ background: 'var(--line)' }} aria-hidden />
        <span className="dim">{t('compare.sameNodes', { count: diff.summary.same })}</span>
      </span>
    </>
  )
}

function Place({ pair, comparison }: { readonly pair: ComparedPair; readonly comparison: Comparison }): ReactNode {
  const { t } = useTranslation('canvas')
  useSelectionStore((state) => state.selection)
  useSessionStore((state) => state.activeDocumentId)
  const at = selectedDifference(pair, comparison)
  const count = comparison.found?.index.differences.length ?? 0
  return (
    <span className={styles.place} role="status" aria-label={t('compare.place', { at: at === null ? '–' : at + 1, count })}>
      {at === null ? '–' : at + 1} / {count}
    </span>
  )
}
