import { UnstyledButton } from '@mantine/core'
import { type ReactNode, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { KernelProfile } from '#shared/measurement'
import { opCategory } from '#shared/onnx/schema/op-category'
import { categoryColours } from '../canvas/palette'
import { axisText, formatMs, formatPercent, quantityText } from '../format/format-number'
import { goToNodes } from '../session/go-to-node'
import { useSelectionStore } from '../stores/selection-store'
import { stretches } from './kernel-work'
import styles from './profile-views.module.css'

/** Kernels in the order they run: groups above, kernels below, as wide as the time they take. */
export function Timeline({ kernels }: { readonly kernels: readonly KernelProfile[] }): ReactNode {
  const { t } = useTranslation('profileViews')
  const hover = useSelectionStore((state) => state.hover)
  const groups = useMemo(() => stretches(kernels), [kernels])
  const total = kernels.reduce((sum, { p50Ms }) => sum + p50Ms, 0)
  const share = (ms: number) => (total === 0 ? 0 : ms / total)
  const text = (name: string, ms: number) => t('timelineRow', { name, time: quantityText(formatMs(ms)), share: quantityText(formatPercent(share(ms))) })
  return (
    <figure className={styles.timeline} aria-label={t('timelineLabel')}>
      <div className={styles.lane}>
        {groups.map(({ name, p50Ms }, at) => (
          <div key={at} className={styles.stretch} style={{ width: `${share(p50Ms) * 100}%` }} title={text(name || t('ungrouped'), p50Ms)}>
            {name}
          </div>
        ))}
      </div>
      <div className={styles.lane} data-kernels>
        {kernels.map((kernel, at) => (
          <UnstyledButton
            key={at}
            className={styles.kernel}
            style={{ width: `${share(kernel.p50Ms) * 100}%`, background: categoryColours[opCategory('', kernel.nodes[0]?.opType ?? '')] }}
            title={text(kernel.opType, kernel.p50Ms)}
            aria-label={text(kernel.opType, kernel.p50Ms)}
            disabled={kernel.nodes.length === 0}
            onClick={() => void goToNodes(kernel.nodes.map(({ id }) => id))}
            onPointerEnter={() => hover(kernel.nodes.length === 0 ? null : { kind: 'nodes', nodeIds: kernel.nodes.map(({ id }) => id) })}
            onPointerLeave={() => hover(null)}
          >
            <span>{kernel.opType}</span>
          </UnstyledButton>
        ))}
      </div>
      <div className={styles.axis} aria-hidden>
        {ticks(total).map((ms) => (
          <span key={ms} style={{ left: `${share(ms) * 100}%` }}>
            {axisText(formatMs(ms))}
          </span>
        ))}
      </div>
      <figcaption className={styles.caption}>{t('timelineHint')}</figcaption>
    </figure>
  )
}

/** Five to ten round times from nothing to the end, ms. */
function ticks(totalMs: number): number[] {
  if (totalMs <= 0) return []
  const rough = totalMs / 8
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power
  return Array.from({ length: Math.floor(totalMs / step) + 1 }, (_, at) => at * step)
}
