import type { ReactNode } from 'react'
import type { Diagnostic } from '#shared/diagnostic'
import { said } from '../i18n/engine-words'
import { SeverityIcon } from './severity-icon'

/** A finding in a list, with what to do about it. */
export function FindingItem({ finding: { severity, message, hint } }: { readonly finding: Diagnostic }): ReactNode {
  return (
    <li>
      <SeverityIcon severity={severity} />
      <span>
        {said(message)} {hint !== undefined && <span className="dim">{said(hint)}</span>}
      </span>
    </li>
  )
}
