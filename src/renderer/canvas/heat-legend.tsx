import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './canvas.module.css'
import { useCanvasStore, type Theme } from './canvas-store'
import { heatColour } from './scene/heat'
import { useProfileStore } from '../stores/profile-store'

/** What the colours mean, or why there are none. */
export function HeatLegend(): ReactNode {
  const { t } = useTranslation('canvas')
  const overlay = useProfileStore((state) => state.overlay)
  const heat = useCanvasStore((state) => state.heat)
  const theme = useCanvasStore((state) => state.theme)
  if (overlay === 'none') return null
  return (
    <div className={`${styles.card} ${styles.legend}`} role="figure" aria-label={t('legend.label')}>
      <div>{t(`legend.${overlay}`)}</div>
      {heat === null ? (
        <div className={styles.legendScale}>{overlay === 'latency' ? t('legend.missing') : t('legend.noFigures')}</div>
      ) : (
        <>
          <div className={styles.legendBar} style={{ background: gradient(theme) }} />
          <div className={styles.legendScale}>
            {heat.scale.map((figure, place) => (
              <span key={place}>{figure}</span>
            ))}
          </div>
        </>
      )}
    </div>
  )
}

function gradient(theme: Theme): string {
  const steps = Array.from({ length: 13 }, (_, step) => heatColour(step / 12, theme).background)
  return `linear-gradient(to right, ${steps.join(', ')})`
}
