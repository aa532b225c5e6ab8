import type { ReactNode } from 'react'

/** A graph that gets smaller: three nodes into one. */
export function Logo(): ReactNode {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden>
      <path d="M5 4.5 14.5 10 5 15.5M5 10h9.5" fill="none" stroke="var(--text-dim)" strokeWidth="1.3" />
      <circle cx="4.5" cy="4.5" r="2" fill="var(--text-dim)" />
      <circle cx="4.5" cy="10" r="2" fill="var(--text-dim)" />
      <circle cx="4.5" cy="15.5" r="2" fill="var(--text-dim)" />
      <rect x="11.5" y="6.5" width="7" height="7" rx="2" fill="var(--accent)" />
    </svg>
  )
}
