import { ActionIcon, Badge, Button, Checkbox, NumberInput, Popover, Select, TextInput } from '@mantine/core'
import { IconGauge, IconTrash } from '@tabler/icons-react'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { BUDGET_FIGURES, type Budget, budgetPresetNames, budgetPresets } from '#shared/variants/budget'
import { keepBudgets, limitText, useKeptBudgets } from './kept-budgets'
import styles from './variants.module.css'

/** What one of the unit shown is in the figure's own. */
const UNITS = {
  p50Ms: { name: 'ms', size: 1 },
  p95Ms: { name: 'ms', size: 1 },
  sizeBytes: { name: 'megabytes', size: 1e6 },
  parameters: { name: 'millions', size: 1e6 },
  macs: { name: 'millions', size: 1e6 },
  peakMemoryBytes: { name: 'megabytes', size: 1e6 },
  accuracy: { name: 'percent', size: 0.01 },
  sqnrDb: { name: 'db', size: 1 },
} as const
const AT_LEAST: readonly Budget['figure'][] = ['accuracy', 'sqnrDb']

/** Chooses the limits that models are held to. */
export function BudgetsPopover(): ReactNode {
  const { t } = useTranslation('variants')
  const kept = useKeptBudgets()
  const own = kept.filter((entry) => entry.kind === 'own')
  return (
    <Popover position="bottom-end" withinPortal trapFocus shadow="md" width={340}>
      <Popover.Target>
        <Button variant="default" size="compact-xs" leftSection={<IconGauge size={14} aria-hidden />} rightSection={kept.length > 0 && <Badge size="xs" circle variant="light">{kept.length}</Badge>}>
          {t('budgets')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={styles.budgets ?? ''}>
        <h3 className={styles.budgetsTitle}>{t('presetsTitle')}</h3>
        {budgetPresetNames.map((preset) => (
          <Checkbox
            key={preset}
            size="xs"
            label={<span className={styles.budgetLabel}><span>{t(`presets.${preset}`)}</span><span className="dim">{limitText(budgetPresets[preset], t)}</span></span>}
            checked={kept.some((entry) => entry.kind === 'preset' && entry.preset === preset)}
            onChange={({ currentTarget }) => keepBudgets(currentTarget.checked ? [...kept, { kind: 'preset', preset }] : kept.filter((entry) => entry.kind !== 'preset' || entry.preset !== preset))}
          />
        ))}
        <h3 className={styles.budgetsTitle}>{t('ownTitle')}</h3>
        {own.map((entry) => (
          <div key={entry.budget.name} className={styles.ownBudget}>
            <span className="ellipsis">{entry.budget.name}</span>
            <span className="dim">{limitText(entry.budget, t)}</span>
            <ActionIcon size={22} aria-label={t('remove', { name: entry.budget.name })} onClick={() => keepBudgets(kept.filter((other) => other !== entry))}>
              <IconTrash size={14} aria-hidden />
            </ActionIcon>
          </div>
        ))}
        <NewBudget taken={own.map(({ budget }) => budget.name)} onAdd={(budget) => keepBudgets([...kept, { kind: 'own', budget }])} />
      </Popover.Dropdown>
    </Popover>
  )
}

function NewBudget({ taken, onAdd }: { readonly taken: readonly string[]; readonly onAdd: (budget: Budget) => void }): ReactNode {
  const { t } = useTranslation('variants')
  const [name, setName] = useState('')
  const [figure, setFigure] = useState<Budget['figure']>('p95Ms')
  const [limit, setLimit] = useState<number | ''>('')
  const unit = UNITS[figure]
  const shown = name.trim() === '' ? t(`figures.${figure}`) : name.trim()
  const isValid = limit !== '' && limit >= 0 && !taken.includes(shown)
  const add = (): void => {
    if (limit === '' || !isValid) return
    const value = Number((limit * unit.size).toPrecision(12))
    onAdd({ name: shown.slice(0, 80), figure, ...(AT_LEAST.includes(figure) ? { atLeast: value } : { atMost: value }) })
    setName('')
    setLimit('')
  }
  return (
    <form
      className={styles.newBudget}
      onSubmit={(event) => {
        event.preventDefault()
        add()
      }}
    >
      <Select size="xs" label={t('figure')} value={figure} allowDeselect={false} comboboxProps={{ withinPortal: false }} data={BUDGET_FIGURES.map((value) => ({ value, label: t(`figures.${value}`) }))} onChange={(value) => setFigure(BUDGET_FIGURES.find((known) => known === value) ?? figure)} />
      <NumberInput size="xs" label={t('limit', { unit: t(`units.${unit.name}`) })} min={0} value={limit} onChange={(value) => setLimit(typeof value === 'number' ? value : '')} />
      <TextInput size="xs" label={t('name')} placeholder={t(`figures.${figure}`)} maxLength={80} value={name} onChange={({ currentTarget }) => setName(currentTarget.value)} />
      <Button type="submit" size="xs" disabled={!isValid}>
        {t('add')}
      </Button>
    </form>
  )
}
