import { Notifications, notifications } from '@mantine/notifications'
import { useEffect, type ReactNode } from 'react'
import styles from './notices.module.css'

/** What the studio says unasked, in the lower part of the graph: over no panel that a person works in, for as long as it is pointed at, until Escape. */
export function Notices(): ReactNode {
  useEffect(() => {
    document.addEventListener('keydown', dismissByEscape, true)
    return () => document.removeEventListener('keydown', dismissByEscape, true)
  }, [])
  return <Notifications className={styles.notices ?? ''} aria-live="polite" position="bottom-left" containerWidth={320} autoClose={6000} limit={3} />
}

/** Where Escape means something of its own. */
const OWN_ESCAPE = '[role="dialog"], [role="menu"], [role="listbox"], [aria-expanded="true"], .monaco-editor, textarea, input'

function dismissByEscape({ key, target }: KeyboardEvent): void {
  if (key === 'Escape' && !(target instanceof Element && target.closest(OWN_ESCAPE) !== null)) notifications.clean()
}
