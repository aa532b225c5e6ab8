import { IconAlertTriangle, IconCircleX, IconInfoCircle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Diagnostic } from '#shared/diagnostic'

const ICONS = { error: IconCircleX, warning: IconAlertTriangle, info: IconInfoCircle }
const COLORS = { error: 'var(--bad)', warning: 'var(--warning)', info: 'var(--text-dim)' }

/** The sign and colour of a finding; its word is for screen readers. */
export function SeverityIcon({ severity }: { readonly severity: Diagnostic['severity'] }): ReactNode {
  const { t } = useTranslation()
  const Icon = ICONS[severity]
  return <Icon size={15} stroke={1.8} color={COLORS[severity]} role="img" aria-label={t(`diagnostics.${severity}`)} style={{ flex: 'none', marginTop: 2 }} />
}
