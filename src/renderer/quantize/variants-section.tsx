import { Tooltip, UnstyledButton } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Variant } from '#shared/ipc/jobs'
import type { LatencyBeside } from '#shared/measurement'
import { formatDb, formatMs, formatPercent, formatRatio, quantityText } from '../format/format-number'
import { said } from '../i18n/engine-words'
import { Section } from '../inspector/property-list'
import { variantTitle } from '../optimize/catalogue-text'
import { openPaths } from '../session/open-models'
import { useDialogsStore } from '../stores/dialogs-store'
import { useVariantsStore, worstSqnrDb } from '../stores/variants-store'
import { useQuantizeStore } from './quantize-store'
import styles from './quantize.module.css'

const NONE: readonly Variant[] = []

/** What was made of this model: size and latency beside the source's, the worst output's error, and what to be warned of. */
export function VariantsSection({ modelPath, activePath }: { readonly modelPath: string; readonly activePath: string }): ReactNode {
  const { t } = useTranslation('quantize')
  const variants = useVariantsStore((state) => state.bySource[modelPath] ?? NONE)
  const chosen = useQuantizeStore((state) => state.phones[modelPath]) ?? null
  const measured = variants.findLast(({ report }) => report.phone !== null)?.report.phone ?? null
  const phone = chosen ?? (measured && { serial: measured.serial, name: measured.phone })
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
              <th>{t(phone === null ? 'columns.latency' : 'columns.here')}</th>
              {phone !== null && <th title={`${phone.name}, ${phone.serial}`}>{t('columns.phone')}</th>}
            </tr>
          </thead>
          <tbody>
            {variants.map((variant) => (
              <Row key={variant.id} variant={variant} serial={phone?.serial ?? null} active={variant.modelPath === activePath} />
            ))}
          </tbody>
        </table>
      )}
    </Section>
  )
}

interface RowProps {
  readonly variant: Variant
  /** Of the phone whose figures are shown; null where there is none. */
  readonly serial: string | null
  readonly active: boolean
}

function Row({ variant, serial, active }: RowProps): ReactNode {
  const { t } = useTranslation('quantize')
  const { report } = variant
  const showReport = useDialogsStore((state) => state.showReport)
  const warnings = [...report.diagnostics, ...report.passes.flatMap(({ diagnostics }) => diagnostics)].filter(({ severity }) => severity !== 'info')
  return (
    <tr data-active={active || undefined}>
      <td>
        <span className={styles.variant}>
          <UnstyledButton className={`${styles.link} ellipsis`} title={variantTitle(variant.name)} onClick={() => void openPaths([variant.modelPath])}>
            {variantTitle(variant.name)}
          </UnstyledButton>
          {warnings.length > 0 && (
            <Tooltip multiline w={300} label={[...new Set(warnings.map(({ message }) => said(message)))].slice(0, 6).join('\n')} styles={{ tooltip: { whiteSpace: 'pre-line' } }}>
              <UnstyledButton className="warning" aria-label={t('warnings', { count: warnings.length })} onClick={() => showReport(report)}>
                <IconAlertTriangle size={14} aria-hidden />
              </UnstyledButton>
            </Tooltip>
          )}
        </span>
      </td>
      <td>{quantityText(formatRatio(report.sizeRatio))}</td>
      <td title={report.outputErrorConditions}>{report.outputError.length === 0 ? '–' : quantityText(formatDb(worstSqnrDb(report)))}</td>
      <LatencyCell latency={report.latency} />
      {serial !== null && <LatencyCell latency={report.phone?.serial === serial ? report.phone : null} />}
    </tr>
  )
}

/** A ratio of latency does not stand without what it was taken on. */
function LatencyCell({ latency }: { readonly latency: LatencyBeside | null }): ReactNode {
  const { t } = useTranslation()
  if (latency === null) return <td>–</td>
  const { source, result, ratio, conditions } = latency
  const threads = conditions.threads === 0 ? t('profile.threadsAuto') : t('profile.threadCount', { count: conditions.threads })
  const title = [
    `p50 ${quantityText(formatMs(source.p50Ms))} → ${quantityText(formatMs(result.p50Ms))}`,
    `p95 ${quantityText(formatMs(source.p95Ms))} → ${quantityText(formatMs(result.p95Ms))}`,
    `${t('profile.spread')} ${quantityText(formatPercent(result.spread))}`,
    conditions.device,
    conditions.runtime,
    t('profile.provider', { provider: conditions.provider }),
    threads,
    t('profile.runCount', { count: conditions.runs, warmup: conditions.warmup }),
  ].join(' · ')
  return (
    <td title={title} className={ratio.p50 > 1 ? 'warning' : ''}>
      {quantityText(formatRatio(ratio.p50))}
    </td>
  )
}
