import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './canvas.module.css'
import { useCanvasStore, type Theme } from './canvas-store'
import { groupColour, heatColour } from './scene/heat'
import { useOverlayStore } from '../stores/overlay-store'
import { isBuiltIn, useProfileStore } from '../stores/profile-store'

/** What the colours mean, or why there are none. */
export function HeatLegend(): ReactNode {
  const { t } = useTranslation('canvas')
  const overlay = useProfileStore((state) => state.overlay)
  const panelTitle = useOverlayStore((state) => state.overlays.find(({ id }) => overlay === `panel:${id}`)?.title)
  const heat = useCanvasStore((state) => state.heat)
  if (overlay === 'none') return null
  return (
    <div className={`${styles.card} ${styles.legend}`} role="figure" aria-label={t('legend.label')}>
      <div>{isBuiltIn(overlay) ? t(`legend.${overlay}`) : panelTitle}</div>
      {heat === null ? (
        <div className={styles.legendScale}>{overlay === 'latency' ? t('legend.missing') : t('legend.noFigures')}</div>
      ) : heat.legend === null ? null : 'scale' in heat.legend ? (
        <Scale figures={heat.legend.scale} />
      ) : (
        <Groups names={heat.legend.groups} />
      )}
    </div>
  )
}

function Scale({ figures }: { readonly figures: readonly string[] }): ReactNode {
  const theme = useCanvasStore((state) => state.theme)
  return (
    <>
      <div className={styles.legendBar} style={{ background: gradient(theme) }} />
      <div className={styles.legendScale}>
        {figures.map((figure, place) => (
          <span key={place}>{figure}</span>
        ))}
      </div>
    </>
  )
}

function Groups({ names }: { readonly names: readonly string[] }): ReactNode {
  return (
    <ul className={styles.legendGroups}>
      {names.map((name, group) => (
        <li key={group}>
          <span className={styles.legendSwatch} style={{ background: groupColour(group).background }} aria-hidden />
          <span className="ellipsis">{name}</span>
        </li>
      ))}
    </ul>
  )
}

function gradient(theme: Theme): string {
  const steps = Array.from({ length: 13 }, (_, step) => heatColour(step / 12, theme).background)
  return `linear-gradient(to right, ${steps.join(', ')})`
}
