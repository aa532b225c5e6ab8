import type { ReactNode } from 'react'
import type { Diagnostic } from '#shared/diagnostic'
import { said } from '../i18n/engine-words'
import { SeverityIcon } from './severity-icon'

interface FindingItemProps {
  readonly finding: Diagnostic
  /** How many others say the same, and which. */
  readonly more?: { readonly text: string; readonly title: string }
}

/** A finding in a list, with what to do about it. */
export function FindingItem({ finding: { severity, message, hint }, more }: FindingItemProps): ReactNode {
  return (
    <li>
      <SeverityIcon severity={severity} />
      <span>
        {said(message)} {more !== undefined && (
          <span className="dim" title={more.title}>
            {more.text}
          </span>
        )}{' '}
        {hint !== undefined && <span className="dim">{said(hint)}</span>}
      </span>
    </li>
  )
}
