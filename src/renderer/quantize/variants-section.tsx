import { Tooltip, UnstyledButton } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Variant } from '#shared/ipc/jobs'
import { formatDb, formatMs, formatRatio, quantityText } from '../format/format-number'
import { Section } from '../inspector/property-list'
import { variantTitle } from '../optimize/catalogue-text'
import { openPaths } from '../session/open-models'
import { useVariantsStore, worstSqnrDb } from '../stores/variants-store'
import styles from './quantize.module.css'

const NONE: readonly Variant[] = []

/** What was made of this model: size and latency beside the source's, the worst output's error, and what to be warned of. */
export function VariantsSection({ modelPath, activePath }: { readonly modelPath: string; readonly activePath: string }): ReactNode {
  const { t } = useTranslation('quantize')
  const variants = useVariantsStore((state) => state.bySource[modelPath] ?? NONE)
  return (
    <Section title={t('variants')}>
      {variants.length === 0 ? (
        <p className={styles.note}>{t('variantsNone')}</p>
      ) : (
        <table className={styles.table}>
          <thead>
            <tr>
              <th>{t('columns.variant')}</th>
              <th>{t('columns.size')}</th>
              <th>{t('columns.sqnr')}</th>
              <th>{t('columns.latency')}</th>
            </tr>
          </thead>
          <tbody>
            {variants.map((variant) => (
              <Row key={variant.id} variant={variant} active={variant.modelPath === activePath} />
            ))}
          </tbody>
        </table>
      )}
    </Section>
  )
}

/** A ratio of latency does not stand without what it was taken on. */
function measuredHow(latency: Variant['report']['latency']): string | undefined {
  if (latency === null) return undefined
  const { source, result, conditions } = latency
  return `${quantityText(formatMs(source.p50Ms))} → ${quantityText(formatMs(result.p50Ms))} · ${conditions.device} · ${conditions.runtime} · ${conditions.provider} · ${String(conditions.runs)} × p50`
}

function Row({ variant, active }: { readonly variant: Variant; readonly active: boolean }): ReactNode {
  const { t } = useTranslation('quantize')
  const { report } = variant
  const ratio = report.latency?.ratio.p50 ?? null
  const warnings = [...report.diagnostics, ...report.passes.flatMap(({ diagnostics }) => diagnostics)].filter(({ severity }) => severity !== 'info')
  return (
    <tr data-active={active || undefined}>
      <td>
        <span className={styles.variant}>
          <UnstyledButton className={`${styles.link} ellipsis`} title={variantTitle(variant.name)} onClick={() => void openPaths([variant.modelPath])}>
            {variantTitle(variant.name)}
          </UnstyledButton>
          {warnings.length > 0 && (
            <Tooltip multiline w={300} label={[...new Set(warnings.map(({ message }) => message))].slice(0, 6).join('\n')} styles={{ tooltip: { whiteSpace: 'pre-line' } }}>
              <IconAlertTriangle size={14} className="warning" role="img" aria-label={t('warnings', { count: warnings.length })} tabIndex={0} />
            </Tooltip>
          )}
        </span>
      </td>
      <td>{quantityText(formatRatio(report.sizeRatio))}</td>
      <td title={report.outputErrorConditions}>{report.outputError.length === 0 ? '–' : quantityText(formatDb(worstSqnrDb(report)))}</td>
      <td title={measuredHow(report.latency)} className={ratio !== null && ratio > 1 ? 'warning' : ''}>{ratio === null ? '–' : quantityText(formatRatio(ratio))}</td>
    </tr>
  )
}
