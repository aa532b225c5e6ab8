import { IconFileDownload } from '@tabler/icons-react'
import { useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { takeDroppedFiles } from '../session/drop-taker'
import { openFiles } from '../session/open-models'
import styles from './shell.module.css'

/** Takes files dropped anywhere on the window, and says so while they hover. */
export function DropOverlay(): ReactNode {
  const { t } = useTranslation()
  const hovering = useFileDrop()
  if (!hovering) return null
  return (
    <div className={styles.drop}>
      <IconFileDownload size={40} stroke={1.4} color="var(--accent)" aria-hidden />
      <strong>{t('drop.title')}</strong>
      <span className="dim">{t('drop.hint')}</span>
    </div>
  )
}

function useFileDrop(): boolean {
  const [hovering, setHovering] = useState(false)
  useEffect(() => {
    // dragenter and dragleave also come from every element inside; only their balance tells whether the window was left.
    let depth = 0
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false
    const enter = (event: DragEvent): void => {
      if (!hasFiles(event)) return
      event.preventDefault()
      depth++
      setHovering(true)
    }
    const over = (event: DragEvent): void => {
      if (hasFiles(event)) event.preventDefault()
    }
    const leave = (event: DragEvent): void => {
      if (!hasFiles(event)) return
      depth = Math.max(0, depth - 1)
      if (depth === 0) setHovering(false)
    }
    const drop = (event: DragEvent): void => {
      if (!hasFiles(event)) return
      event.preventDefault()
      depth = 0
      setHovering(false)
      const files = [...(event.dataTransfer?.files ?? [])]
      if (!takeDroppedFiles(files)) void openFiles(files)
    }
    window.addEventListener('dragenter', enter)
    window.addEventListener('dragover', over)
    window.addEventListener('dragleave', leave)
    window.addEventListener('drop', drop)
    return () => {
      window.removeEventListener('dragenter', enter)
      window.removeEventListener('dragover', over)
      window.removeEventListener('dragleave', leave)
      window.removeEventListener('drop', drop)
    }
  }, [])
  return hovering
}
