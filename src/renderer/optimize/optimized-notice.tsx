import { Anchor } from '@mantine/core'
import type { ReactNode } from 'react'

interface OptimizedNoticeProps {
  readonly figures: string
  /** Latency on the phone it was made for. */
  readonly onPhone: string | null
  /** What speaks against the result. */
  readonly warning: string | null
  readonly detailsLabel: string
  readonly onDetails: () => void
}

/** Body of the notification that an optimization is done. */
export function OptimizedNotice({ figures, onPhone, warning, detailsLabel, onDetails }: OptimizedNoticeProps): ReactNode {
  return (
    <>
      <div className="figures">{figures}</div>
      {onPhone !== null && <div className="figures">{onPhone}</div>}
      {warning !== null && <div className="warning">{warning}</div>}
      <Anchor component="button" type="button" size="sm" onClick={onDetails}>
        {detailsLabel}
      </Anchor>
    </>
  )
}
