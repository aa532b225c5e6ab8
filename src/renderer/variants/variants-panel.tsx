import { Button, Loader, Menu, Select } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { lazy, Suspense, useCallback, useMemo, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Budget } from '#shared/variants/budget'
import { tradeoffPoints } from '#shared/variants/tradeoff-svg'
import { type AccuracyKind, accuracyKinds, devicesOf, type VariantRow } from '#shared/variants/variant-table'
import { fileName } from '../format/format-type'
import { variantTitle } from '../optimize/catalogue-text'
import { DataTable } from '../panels/data-table'
import { openPaths } from '../session/open-models'
import { openPanel } from '../session/panels'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import { BudgetsPopover } from './budgets-popover'
import { exportTable } from './export-table'
import { addVariantsTexts } from './i18n/variants-texts'
import { budgetOf, type KeptBudget, limitText, useKeptBudgets } from './kept-budgets'
import { MeasureAll } from './measure-all'
import { useVariantRows } from './use-variant-rows'
import { onDevice, variantColumns, variantLooks } from './variants-columns'
import styles from './variants.module.css'

addVariantsTexts()
const TradeoffChart = lazy(() => import('./tradeoff-chart'))

/** The source and its variants side by side, by device, against budgets: one table, one plot. */
export default function VariantsPanel(): ReactNode {
  const { t } = useTranslation('variants')
  const activePath = useSessionStore((state) => activeDocument(state)?.summary.path ?? null)
  const bySource = useVariantsStore((state) => state.bySource)
  if (activePath === null) return <p className={styles.empty}>{t('needsModel')}</p>
  const sourcePath = variantAt(bySource, activePath)?.sourcePath ?? activePath
  return <SourceVariants key={sourcePath} sourcePath={sourcePath} activePath={activePath} />
}

function SourceVariants({ sourcePath, activePath }: { readonly sourcePath: string; readonly activePath: string }): ReactNode {
  const { t } = useTranslation('variants')
  const rows = useVariantRows(sourcePath)
  const kept = useKeptBudgets()
  const [chosenDevice, setDevice] = useState<string | null>(null)
  const [chosenKind, setKind] = useState<string | null>(null)
  const budgets = useMemo(() => kept.map((entry): Budget => ({ ...budgetOf(entry), name: budgetName(entry, t) })), [kept, t])
  const nameOf = useCallback((path: string) => titleOf(rows, path), [rows])
  if (rows === null) {
    return (
      <p className={styles.empty}>
        <Loader size="xs" /> {t('reading')}
      </p>
    )
  }
  const devices = devicesOf(rows)
  const kinds = accuracyKinds(rows)
  const device = devices.find((known) => known === chosenDevice) ?? devices[0] ?? null
  const accuracy = kinds.find(({ key }) => key === chosenKind) ?? kinds[0] ?? null
  const [source] = rows
  const isPlotted = device !== null && accuracy !== null && tradeoffPoints(rows, { device, accuracy }).length > 0
  return (
    <div className={styles.panel}>
      <div className={styles.bar}>
        <Select className={styles.select ?? ''} size="xs" aria-label={t('device')} placeholder={t('noDevice')} value={device} disabled={devices.length === 0} allowDeselect={false} data={devices} onChange={setDevice} />
        <Select className={styles.select ?? ''} size="xs" aria-label={t('accuracy')} placeholder={t('noAccuracy')} value={accuracy?.key ?? null} disabled={kinds.length === 0} allowDeselect={false} data={kinds.map(({ key, metric, data }) => ({ value: key, label: `${metric} · ${fileName(data)}` }))} onChange={setKind} />
        <span className={styles.spacer} />
        <MeasureAll sourcePath={sourcePath} paths={rows.map(({ modelPath }) => modelPath)} />
        <BudgetsPopover />
        <ExportMenu rows={rows} accuracy={accuracy} budgets={budgets} nameOf={nameOf} />
      </div>
      <div className={styles.body} data-plotted={isPlotted}>
        <div className={styles.table}>
          {source !== undefined && (
            <DataTable
              label={t('label')}
              rows={rows}
              columns={variantColumns({ t, source, device, accuracy, budgets, nameOf })}
              looks={variantLooks({ budgets })}
              isSelected={({ modelPath }) => modelPath === activePath}
              onSelect={({ modelPath }) => void openPaths([modelPath])}
              empty={t('empty')}
            />
          )}
        </div>
        <div className={styles.plot}>
          <Plot rows={rows} device={device} accuracy={accuracy} budgets={budgets} nameOf={nameOf} activePath={activePath} />
        </div>
      </div>
    </div>
  )
}

interface PlotProps {
  readonly rows: readonly VariantRow[]
  readonly device: string | null
  readonly accuracy: AccuracyKind | null
  readonly budgets: readonly Budget[]
  readonly nameOf: (path: string) => string
  readonly activePath: string
}

function Plot({ rows, device, accuracy, budgets, nameOf, activePath }: PlotProps): ReactNode {
  const { t } = useTranslation('variants')
  const points = useMemo(() => (device === null || accuracy === null ? [] : tradeoffPoints(rows, { device, accuracy })), [rows, device, accuracy])
  const limits = useMemo(() => budgets.filter((budget) => (budget.figure === 'p50Ms' || budget.figure === 'p95Ms') && onDevice(budget, device).device === device), [budgets, device])
  const words = useCallback((budget: Budget) => limitText(budget, t), [t])
  if (accuracy !== null && points.length > 0) {
    return (
      <Suspense>
        <TradeoffChart points={points} accuracy={accuracy} limits={limits} nameOf={nameOf} activePath={activePath} limitText={words} />
      </Suspense>
    )
  }
  return (
    <div className={styles.hint}>
      {t('plotNeeds')}
      <span className={styles.hintButtons}>
        {accuracy === null && (
          <Button variant="default" size="compact-xs" onClick={() => openPanel('evaluate')}>
            {t('evaluateNow')}
          </Button>
        )}
      </span>
    </div>
  )
}

type ExportMenuProps = Pick<PlotProps, 'rows' | 'accuracy' | 'budgets' | 'nameOf'>

function ExportMenu({ rows, accuracy, budgets, nameOf }: ExportMenuProps): ReactNode {
  const { t } = useTranslation('variants')
  const run = (format: 'html' | 'md' | 'csv') => () => exportTable(rows.map((row) => ({ ...row, name: nameOf(row.modelPath) })), { format, accuracy, budgets })
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button variant="default" size="compact-xs" leftSection={<IconDownload size={14} aria-hidden />}>
          {t('export')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={run('html')}>{t('exportHtml')}</Menu.Item>
        <Menu.Item onClick={run('md')}>{t('exportMarkdown')}</Menu.Item>
        <Menu.Item onClick={run('csv')}>{t('exportCsv')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function titleOf(rows: readonly VariantRow[] | null, path: string): string {
  const row = rows?.find(({ modelPath }) => modelPath === path)
  return row?.role === 'variant' ? variantTitle(row.name) : fileName(path)
}

function budgetName(entry: KeptBudget, t: ReturnType<typeof useTranslation<'variants'>>['t']): string {
  return entry.kind === 'preset' ? t(`presets.${entry.preset}`) : entry.budget.name
}
