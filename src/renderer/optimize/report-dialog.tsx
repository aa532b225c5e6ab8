import { Modal, Table } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { lazy, Suspense, useEffect, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { OptimizeReport } from '#shared/ipc/jobs'
import type { LatencyBeside } from '#shared/measurement'
import { withoutFolders } from '#shared/without-folders'
import { Figure } from '../format/figure'
import { formatBytes, formatDb, formatDuration, formatInteger, formatMs, formatPercent, formatRatio, quantityText, significant } from '../format/format-number'
import { fileName } from '../format/format-type'
import { said } from '../i18n/engine-words'
import { useAppStore } from '../stores/app-store'
import { useDialogsStore } from '../stores/dialogs-store'
import { worstSqnrDb } from '../stores/variants-store'
import { passText, recipeTitle } from './catalogue-text'
import { noticeId } from './notice-id'
import styles from './report-dialog.module.css'
import { FindingList, findingsOf, IntegerNote } from './result-words'

const LayerChanges = lazy(() => import('../prune/layer-changes'))

/** Above this the runs differ too much for the figure to be trusted. */
const FLAGGED_SPREAD = 0.05

/** What an optimization did: sizes, output error, kernels, findings, and how they were measured. */
export default function ReportDialog(): ReactNode {
  const { t } = useTranslation()
  const report = useDialogsStore((state) => state.report)
  const showReport = useDialogsStore((state) => state.showReport)
  // Who reads the report needs no notice of it any more, least of all on top of it.
  useEffect(() => {
    if (report !== null) notifications.hide(noticeId(report))
  }, [report])
  return (
    <Modal
      opened={report !== null}
      onClose={() => showReport(null)}
      size={760}
      title={report === null ? '' : t('report.title', { recipe: recipeTitle(report.recipe), name: fileName(report.source.path) })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {report !== null && <Report report={report} />}
    </Modal>
  )
}

function Report({ report }: { readonly report: OptimizeReport }): ReactNode {
  const { t } = useTranslation()
  const { source, result, sizeRatio, latency, phone, kernels, durationMs, peakMemoryBytes, data, tool } = report
  return (
    <div className={styles.report}>
      <div className={styles.headline}>
        <Headline label={t('report.before')} figure={<Figure {...formatBytes(source.sizeBytes)} />} />
        <Headline label={t('report.after')} figure={<Figure {...formatBytes(result.sizeBytes)} />} />
        <Headline label={t('report.ratio')} figure={<Figure {...formatRatio(sizeRatio)} />} />
        {report.outputError.length > 0 && <Headline label={t('report.worstSqnr')} figure={<Figure {...formatDb(worstSqnrDb(report))} />} />}
        {latency !== null && <Headline label={t('report.latency')} figure={<Figure {...formatRatio(latency.ratio.p50)} />} />}
        {phone !== null && <Headline label={t('report.onPhone', { phone: phone.phone })} figure={<Figure {...formatRatio(phone.ratio.p50)} />} />}
        {/* Of a phone the sentence below says it. */}
        {kernels !== null && phone === null && <Headline label={t('report.integerKernels')} figure={<Figure value={formatInteger(kernels.integerKernels)} unit="" />} />}
      </div>
      <IntegerNote report={report} />
      <Findings report={report} />
      <OutputErrors report={report} />
      {phone !== null && <Latency latency={phone} title={t('report.phoneBeside', { phone: phone.phone, count: phone.turns })} />}
      {latency !== null && <Latency latency={latency} title={t('report.latencyBeside')} />}
      <Passes report={report} />
      {report.passes.some(({ layerChanges }) => layerChanges.length > 0) && (
        <Suspense>
          <LayerChanges report={report} />
        </Suspense>
      )}
      {kernels !== null && (
        <section aria-label={t('report.kernels')}>
          <h3>{t('report.kernels')}</h3>
          <p className="figures">
            {Object.entries(kernels.opCounts)
              .sort(([, a], [, b]) => b - a)
              .map(([opType, count]) => `${opType} ${count}`)
              .join(' · ')}
          </p>
        </section>
      )}
      <p className="dim figures">
        {[t('report.data', { data: said(withoutFolders(data)) }), tool, t('report.took', { duration: formatDuration(durationMs) }), t('report.peak', { size: `${formatBytes(peakMemoryBytes).value} ${formatBytes(peakMemoryBytes).unit}` })].join(' · ')}
        <br />
        <span className="mono">{t('report.hashes', { source: source.sha256.slice(0, 16), result: result.sha256.slice(0, 16) })}</span>
      </p>
    </div>
  )
}

function Headline({ label, figure }: { readonly label: string; readonly figure: ReactNode }): ReactNode {
  return (
    <div>
      <div className="dim">{label}</div>
      <div className={styles.figure}>{figure}</div>
    </div>
  )
}

function OutputErrors({ report: { outputError, outputErrorConditions } }: { readonly report: OptimizeReport }): ReactNode {
  const { t } = useTranslation()
  if (outputError.length === 0) return null
  return (
    <section aria-label={t('report.outputError')}>
      <h3>{t('report.outputError')}</h3>
      <Table className="figures" verticalSpacing={4} fz={12} aria-label={t('report.outputError')}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('report.output')}</Table.Th>
            <Table.Th ta="right">{t('report.sqnr')}</Table.Th>
            <Table.Th ta="right">{t('report.cosine')}</Table.Th>
            <Table.Th ta="right">{t('report.maxAbs')}</Table.Th>
            <Table.Th ta="right">{t('report.elements')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {outputError.map((error) => (
            <Table.Tr key={error.output}>
              <Table.Td>{error.output}</Table.Td>
              <Table.Td ta="right">{formatDb(error.sqnrDb).value}</Table.Td>
              <Table.Td ta="right">{error.cosine.toFixed(6)}</Table.Td>
              <Table.Td ta="right">{significant(error.maxAbs)}</Table.Td>
              <Table.Td ta="right">{formatInteger(error.elements)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <p className="dim">{said(withoutFolders(outputErrorConditions))}</p>
    </section>
  )
}

/** Source and result timed in turns, in one run. */
function Latency({ latency: { source, result, conditions }, title }: { readonly latency: LatencyBeside; readonly title: string }): ReactNode {
  const { t } = useTranslation()
  const row = (name: string, { p50Ms, p95Ms, spread }: typeof source) => (
    <Table.Tr>
      <Table.Td>{name}</Table.Td>
      <Table.Td ta="right">{quantityText(formatMs(p50Ms))}</Table.Td>
      <Table.Td ta="right">{quantityText(formatMs(p95Ms))}</Table.Td>
      <Table.Td ta="right" className={spread > FLAGGED_SPREAD ? 'warning' : ''}>
        {quantityText(formatPercent(spread))}
      </Table.Td>
    </Table.Tr>
  )
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      <Table className="figures" verticalSpacing={4} fz={12} aria-label={title}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th />
            <Table.Th ta="right">{t('profile.p50')}</Table.Th>
            <Table.Th ta="right">{t('profile.p95')}</Table.Th>
            <Table.Th ta="right">{t('profile.spread')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {row(t('report.before'), source)}
          {row(t('report.after'), result)}
        </Table.Tbody>
      </Table>
      <p className="dim">
        {[conditions.device, conditions.runtime, t('profile.provider', { provider: conditions.provider }), conditions.threads === 0 ? t('profile.threadsAuto') : t('profile.threadCount', { count: conditions.threads }), t('profile.runCount', { count: conditions.runs, warmup: conditions.warmup })].join(' · ')}
      </p>
    </section>
  )
}

function Passes({ report: { passes } }: { readonly report: OptimizeReport }): ReactNode {
  const { t } = useTranslation()
  const known = useAppStore((state) => state.catalogue?.passes)
  const titleOf = (name: string): string => {
    const pass = known?.find((candidate) => candidate.name === name)
    return pass === undefined ? name : passText(pass).title
  }
  return (
    <section aria-label={t('report.passes')}>
      <h3>{t('report.passes')}</h3>
      <Table className="figures" verticalSpacing={4} fz={12} aria-label={t('report.passes')}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('report.pass')}</Table.Th>
            <Table.Th ta="right">{t('report.changes')}</Table.Th>
            <Table.Th ta="right">{t('report.nodes')}</Table.Th>
            <Table.Th ta="right">{t('report.time')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {passes.map((pass, index) => (
            <Table.Tr key={index}>
              <Table.Td title={pass.pass}>{titleOf(pass.pass)}</Table.Td>
              <Table.Td ta="right">{formatInteger(pass.changes)}</Table.Td>
              <Table.Td ta="right">{`${formatInteger(pass.nodesBefore)} → ${formatInteger(pass.nodesAfter)}`}</Table.Td>
              <Table.Td ta="right">{`${Math.round(pass.durationMs)} ms`}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  )
}

function Findings({ report }: { readonly report: OptimizeReport }): ReactNode {
  const { t } = useTranslation()
  const findings = findingsOf(report)
  if (findings.length === 0) return null
  return (
    <section aria-label={t('report.findings')}>
      <h3>{t('report.findings')}</h3>
      <FindingList findings={findings} />
    </section>
  )
}
