import type { ReactNode } from 'react'
import styles from '../try.module.css'

/** A sound as its magnitudes over time. */
export function Waveform({ peaks, label }: { readonly peaks: readonly number[]; readonly label: string }): ReactNode {
  const top = Math.max(0.05, ...peaks)
  const path = peaks.map((peak, at) => `M${at + 0.5} ${32 - (peak / top) * 30}V${32 + (peak / top) * 30}`).join('')
  return (
    <svg className={styles.wave} viewBox={`0 0 ${peaks.length} 64`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={path} stroke="currentColor" strokeWidth={0.7} />
    </svg>
  )
}
