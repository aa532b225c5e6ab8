/** The budgets that models are held to in the window, kept with the layout of its panels. */
import type { TFunction } from 'i18next'
import { useMemo } from 'react'
import { Budget, budgetFigureText, type BudgetPreset, budgetPresetNames, budgetPresets } from '#shared/variants/budget'
import { formatPercent, quantityText } from '../format/format-number'
import { updateLayout } from '../session/settings'
import { panelLayout, useSettingsStore } from '../stores/settings-store'

export type KeptBudget = { readonly kind: 'preset'; readonly preset: BudgetPreset } | { readonly kind: 'own'; readonly budget: Budget }

export function useKeptBudgets(): readonly KeptBudget[] {
  const settings = useSettingsStore((state) => state.settings)
  return useMemo(() => parseKept(panelLayout(settings).budgets), [settings])
}

export function keepBudgets(kept: readonly KeptBudget[]): void {
  updateLayout({ budgets: kept.map((entry) => (entry.kind === 'preset' ? { preset: entry.preset } : { ...entry.budget })) })
}

export function budgetOf(entry: KeptBudget): Budget {
  return entry.kind === 'preset' ? budgetPresets[entry.preset] : entry.budget
}

/** What is damaged, or of another version, is left out. */
function parseKept(stored: readonly unknown[]): KeptBudget[] {
  return stored.flatMap((entry): KeptBudget[] => {
    const preset = typeof entry === 'object' && entry !== null && 'preset' in entry ? budgetPresetNames.find((name) => name === entry.preset) : undefined
    if (preset !== undefined) return [{ kind: 'preset', preset }]
    const own = Budget.safeParse(entry)
    return own.success ? [{ kind: 'own', budget: own.data }] : []
  })
}

/** For people: `p95 latency ≤ 100 ms`. */
export function limitText(budget: Budget, t: TFunction<'variants'>): string {
  const limit = budget.atMost ?? budget.atLeast ?? 0
  return `${t(`figures.${budget.figure}`)} ${budget.atMost === undefined ? '≥' : '≤'} ${budget.figure === 'accuracy' && budget.metric === undefined ? quantityText(formatPercent(limit)) : budgetFigureText(budget, limit)}`
}
