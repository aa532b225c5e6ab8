import { ActionIcon, Tooltip } from '@mantine/core'
import { IconFocusCentered, IconMaximize, IconMinus, IconPlus } from '@tabler/icons-react'
import { useStore } from '@xyflow/react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useCanvasActions } from './canvas-actions'
import styles from './canvas.module.css'
import { useCanvas } from './canvas-store'
import { boxesToShow } from './scene/highlight'
import { useSelectionStore } from '../stores/selection-store'

/** Zoom and fit, each with its name. */
export function CanvasControls(): ReactNode {
  const { t } = useTranslation('canvas')
  const actions = useCanvasActions()
  const canvas = useCanvas()
  const somethingSelected = useSelectionStore((state) => state.selection.kind !== 'model')
  const zoomToSelection = () => {
    const { scene } = canvas.getState()
    if (scene !== null) actions.zoomTo(boxesToShow(scene, useSelectionStore.getState().selection))
  }
  return (
    <div className={`${styles.card} ${styles.controls}`} role="toolbar" aria-label={t('controls')}>
      <Control label={t('zoomOut')} onClick={() => actions.zoomBy(1 / 1.25)}>
        <IconMinus size={16} />
      </Control>
      <ZoomLevel />
      <Control label={t('zoomIn')} onClick={() => actions.zoomBy(1.25)}>
        <IconPlus size={16} />
      </Control>
      <Control label={t('fit')} onClick={() => actions.zoomTo([])}>
        <IconMaximize size={16} />
      </Control>
      <Control label={t('zoomToSelection')} onClick={zoomToSelection} disabled={!somethingSelected}>
        <IconFocusCentered size={16} />
      </Control>
    </div>
  )
}

function ZoomLevel(): ReactNode {
  const { t } = useTranslation('canvas')
  const actions = useCanvasActions()
  const text = useStore(({ transform }) => zoomText(transform[2]))
  const zoom = useStore(({ transform }) => transform[2])
  return (
    <Tooltip label={t('zoomReset')}>
      <button type="button" className={styles.zoom} aria-label={`${t('zoomReset')} (${text})`} onClick={() => actions.zoomBy(1 / zoom)}>
        {text}
      </button>
    </Tooltip>
  )
}

interface ControlProps {
  label: string
  onClick: () => void
  disabled?: boolean
  children: ReactNode
}

function Control({ label, onClick, disabled = false, children }: ControlProps): ReactNode {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} onClick={onClick} disabled={disabled}>
        {children}
      </ActionIcon>
    </Tooltip>
  )
}

function zoomText(zoom: number): string {
  const percent = zoom * 100
  return `${percent < 1 ? percent.toFixed(1) : percent.toFixed(0)} %`
}
