import { Button } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { DoctorCheck } from '#shared/device'
import { getBridge } from '../bridge/bridge'
import { said } from '../i18n/engine-words'
import { reportError } from '../session/report-error'
import styles from './devices-panel.module.css'

/** Everything between this computer and a number measured on the phone, tried step by step, as a report that can be sent. */
export function Examination({ serial }: { readonly serial: string }): ReactNode {
  const { t } = useTranslation('phones')
  const [checks, setChecks] = useState<readonly DoctorCheck[] | null>(null)
  const [busy, setBusy] = useState(false)
  const [copied, setCopied] = useState(false)
  const examine = (): void => {
    setBusy(true)
    setCopied(false)
    getBridge()
      .request('devices.doctor', { serial })
      .then(setChecks, (error: unknown) => reportError(error))
      .finally(() => setBusy(false))
  }
  const copy = (): void => void navigator.clipboard.writeText(reportText(checks ?? [])).then(() => setCopied(true), (error: unknown) => reportError(error))
  return (
    <section aria-label={t('examination.title')}>
      <div className={`${styles.form} ${styles.actions}`}>
        <Button variant="default" size="compact-xs" loading={busy} onClick={examine} title={t('examination.hint')}>
          {t('examination.start')}
        </Button>
        {checks !== null && (
          <Button variant="subtle" color="gray" size="compact-xs" onClick={copy}>
            {t(copied ? 'examination.copied' : 'examination.copy')}
          </Button>
        )}
      </div>
      {checks !== null && (
        <ul className={styles.checks}>
          {checks.map((check, at) => (
            <CheckItem key={at} check={check} />
          ))}
        </ul>
      )}
    </section>
  )
}

function CheckItem({ check: { status, message, hint } }: { readonly check: DoctorCheck }): ReactNode {
  const { t } = useTranslation('phones')
  return (
    <li data-status={status}>
      <StatusIcon status={status} label={t(`examination.statuses.${status}`)} />
      <div>
        {said(message)}
        {hint !== null && <span className="dim"> {said(hint)}</span>}
      </div>
    </li>
  )
}

function StatusIcon({ status, label }: { readonly status: DoctorCheck['status']; readonly label: string }): ReactNode {
  if (status === 'failed') return <IconCircleX size={14} color="var(--bad)" aria-label={label} />
  if (status === 'ok') return <IconCircleCheck size={14} color="var(--good)" aria-label={label} />
  return <IconAlertTriangle size={14} color="var(--warning)" aria-label={label} />
}

/** As `edgefit devices doctor` prints it. */
function reportText(checks: readonly DoctorCheck[]): string {
  return checks.map(({ status, check, serial, message, hint }) => `${status.padEnd(7)} ${serial === null ? '' : `${serial} `}${check}: ${message}${hint === null ? '' : `\n        ${hint}`}`).join('\n')
}
