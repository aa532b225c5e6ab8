import { NumberInput, Select, Slider } from '@mantine/core'
import type { ReactNode } from 'react'
import { FoldedSection } from '../optimize/folded-section'
import { DISTRIBUTIONS, IMPORTANCES, INITIAL_CHOICE, type PruneChoice, RECOVERIES, TARGETS } from './prune-choice'
import { usePruneTexts } from './prune-texts'
import styles from './prune.module.css'

/** How many channels go, from where, and what makes up for them. */
export function ChannelOptions({ choice, onChange }: { readonly choice: PruneChoice; readonly onChange: (fields: Partial<PruneChoice>) => void }): ReactNode {
  const t = usePruneTexts()
  return (
    <>
      <Select size="xs" label={t('target')} allowDeselect={false} data={TARGETS.map((value) => ({ value, label: t(`targets.${value}`) }))} value={choice.target} onChange={(value) => onChange({ target: TARGETS.find((known) => known === value) ?? INITIAL_CHOICE.target })} />
      <div className={styles.amount}>
        <span className={styles.amountLabel}>{t('amount')}</span>
        <Slider size="sm" min={5} max={80} step={5} label={null} thumbLabel={t('amount')} value={Math.round(choice.amount * 100)} onChange={(value) => onChange({ amount: value / 100 })} />
        <span className={`${styles.amountValue} figures`}>{`${Math.round(choice.amount * 100)} %`}</span>
      </div>
      <Select size="xs" label={t('distribution')} allowDeselect={false} data={DISTRIBUTIONS.map((value) => ({ value, label: t(`distributions.${value}`) }))} value={choice.distribution} onChange={(value) => onChange({ distribution: DISTRIBUTIONS.find((known) => known === value) ?? INITIAL_CHOICE.distribution })} />
      <Select size="xs" label={t('recovery')} description={t(`recoveryHints.${choice.recovery}`)} inputWrapperOrder={['label', 'input', 'description']} allowDeselect={false} data={RECOVERIES.map((value) => ({ value, label: t(`recoveries.${value}`) }))} value={choice.recovery} onChange={(value) => onChange({ recovery: RECOVERIES.find((known) => known === value) ?? INITIAL_CHOICE.recovery })} />
      <FoldedSection title={t('more')}>
        <Select size="xs" label={t('importance')} allowDeselect={false} data={IMPORTANCES.map((value) => ({ value, label: t(`importances.${value}`) }))} value={choice.importance} onChange={(value) => onChange({ importance: IMPORTANCES.find((known) => known === value) ?? INITIAL_CHOICE.importance })} />
        <NumberInput size="xs" label={t('roundTo')} description={t('roundToHint')} min={1} max={64} allowDecimal={false} value={choice.roundTo} onChange={(value) => typeof value === 'number' && value >= 1 && onChange({ roundTo: value })} />
      </FoldedSection>
    </>
  )
}
