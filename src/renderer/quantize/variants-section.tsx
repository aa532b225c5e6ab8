import { Tooltip, UnstyledButton } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { TFunction } from 'i18next'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Variant } from '#shared/ipc/jobs'
import type { LatencyBeside } from '#shared/measurement'
import { withoutFolders } from '#shared/without-folders'
import { formatDb, formatInteger, formatMs, formatPercent, formatRatio, quantityText, significant } from '../format/format-number'
import { said } from '../i18n/engine-words'
import { Section } from '../inspector/property-list'
import { choiceText, optionText, passText, variantTitle } from '../optimize/catalogue-text'
import { openPaths } from '../session/open-models'
import { useDialogsStore } from '../stores/dialogs-store'
import { useVariantsStore, worstSqnrDb } from '../stores/variants-store'
import type { Catalogue } from '../stores/app-store'
import { useQuantizeStore } from './quantize-store'
import styles from './quantize.module.css'
import { type RecipeDetail, recipeDetails } from './recipe-details'

const NONE: readonly Variant[] = []
/** Above this the runs differ too much for a figure to be trusted. */
const FLAGGED_SPREAD = 0.05
/** More than chance in so few runs; so is what is slower in nine of ten turns. */
const SLOWER = 1.1

/** What was made of this model: size and latency beside the source's, the worst output's error, and what to be warned of. */
export function VariantsSection({ modelPath, activePath, catalogue }: { readonly modelPath: string; readonly activePath: string; readonly catalogue: Catalogue }): ReactNode {
  const { t } = useTranslation('quantize')
  const variants = useVariantsStore((state) => state.bySource[modelPath] ?? NONE)
  const chosen = useQuantizeStore((state) => state.phones[modelPath]) ?? null
  const measured = variants.findLast(({ report }) => report.phone !== null)?.report.phone ?? null
  const phone = chosen ?? (measured && { serial: measured.serial, name: measured.phone })
  const timed = variants.findLast(({ report }) => report.latency !== null)?.report.latency ?? null
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
          {variants.map((variant) => (
            <Rows key={variant.id} variant={variant} serial={phone?.serial ?? null} active={variant.modelPath === activePath} catalogue={catalogue} />
          ))}
        </table>
      )}
      {timed !== null && <LatencyNote latency={timed} />}
    </Section>
  )
}

interface RowsProps {
  readonly variant: Variant
  /** Of the phone whose figures are shown; null where there is none. */
  readonly serial: string | null
  readonly active: boolean
  readonly catalogue: Catalogue
}

/** A variant's figures, and beneath them what tells it from others of its name. */
function Rows({ variant, serial, active, catalogue }: RowsProps): ReactNode {
  const { t } = useTranslation('quantize')
  const { report } = variant
  const showReport = useDialogsStore((state) => state.showReport)
  const warnings = [...report.diagnostics, ...report.passes.flatMap(({ diagnostics }) => diagnostics)].filter(({ severity }) => severity !== 'info')
  const details = [...recipeDetails(report.recipe, catalogue).map((detail) => detailText(detail, catalogue, t)), dataText(report.data, t)].join(' · ')
  return (
    <tbody data-active={active || undefined}>
      <tr>
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
      <tr>
        <td colSpan={serial === null ? 4 : 5} className={styles.details} title={report.data}>
          {details}
        </td>
      </tr>
    </tbody>
  )
}

/** A ratio of latency does not stand without what it was taken on. */
function LatencyCell({ latency }: { readonly latency: LatencyBeside | null }): ReactNode {
  const { t } = useTranslation()
  if (latency === null) return <td>–</td>
  const { source, result, ratio, conditions } = latency
  const title = [
    `p50 ${quantityText(formatMs(source.p50Ms))} → ${quantityText(formatMs(result.p50Ms))}`,
    `p95 ${quantityText(formatMs(source.p95Ms))} → ${quantityText(formatMs(result.p95Ms))}`,
    `${t('profile.spread')} ${quantityText(formatPercent(source.spread))} → ${quantityText(formatPercent(result.spread))}`,
    `p10–p90 ${significant(ratio.p10)}–${quantityText(formatRatio(ratio.p90))}`,
    conditionsText(conditions, t),
  ].join('\n')
  return (
    <td title={title} className={ratio.p50 > SLOWER || ratio.p10 > 1 ? 'warning' : ''}>
      {ratio.spread > FLAGGED_SPREAD && <span className="dim">≈ </span>}
      {quantityText(formatRatio(ratio.p50))}
    </td>
  )
}

function LatencyNote({ latency: { conditions } }: { readonly latency: LatencyBeside }): ReactNode {
  const { t } = useTranslation('quantize')
  const { t: tApp } = useTranslation()
  return <p className={styles.note}>{t('latencyNote', { conditions: conditionsText(conditions, tApp) })}</p>
}

function conditionsText({ device, runtime, provider, threads, runs, warmup }: LatencyBeside['conditions'], t: TFunction): string {
  const on = threads === 0 ? t('profile.threadsAuto') : t('profile.threadCount', { count: threads })
  return [device, runtime, t('profile.provider', { provider }), on, t('profile.runCount', { count: runs, warmup })].join(' · ')
}

function detailText(detail: RecipeDetail, { passes }: Catalogue, t: TFunction<'quantize'>): string {
  if (detail.kind === 'pass') {
    const pass = passes.find(({ name }) => name === detail.pass)
    return pass === undefined ? detail.pass : passText(pass).title
  }
  return t('detail', { name: optionText(detail.pass, detail.field).label, value: valueText(detail, t) })
}

/** Of lists and tables how long they are: the report has what is in them. */
function valueText({ field, value }: Extract<RecipeDetail, { kind: 'option' }>, t: TFunction<'quantize'>): string {
  if (typeof value === 'boolean') return t(value ? 'on' : 'off')
  if (typeof value === 'number') return significant(value)
  if (typeof value === 'object' && value !== null) return formatInteger(Object.keys(value).length)
  return choiceText(field, String(value))
}

function dataText(data: string, t: TFunction<'quantize'>): string {
  if (data.startsWith('synthetic')) return t('randomInputs')
  return t('dataNote', { data: withoutFolders(data).split(':')[0] ?? '' })
}
