import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useRef, useState, type PointerEvent, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './evaluate.module.css'

interface ConfusionMatrixProps {
  /** `[expected][predicted]` counts. */
  readonly matrix: readonly (readonly number[])[]
  readonly names: readonly string[] | null
}

const MARGIN = 34
/** Cells from this size on have their count written in them. */
const NUMBER_SIDE = 20

/** Right answers in the accent, wrong ones in red, stronger where there are more; each row on a scale of its own. */
export function ConfusionMatrix({ matrix, names }: ConfusionMatrixProps): ReactNode {
  const { t } = useTranslation('evaluate')
  const canvas = useRef<HTMLCanvasElement>(null)
  const [pointed, setPointed] = useState<{ row: number; column: number } | null>(null)
  const scheme = useComputedColorScheme()
  const side = Math.max(4, Math.min(28, Math.floor(420 / Math.max(1, matrix.length))))
  const size = MARGIN + side * matrix.length + 1
  useEffect(() => {
    if (canvas.current) paint(canvas.current, { matrix, names, side, size })
    // Colours come from the theme.
  }, [matrix, names, side, size, scheme])
  const name = (index: number) => names?.[index] ?? String(index)
  const point = (event: PointerEvent): void => {
    const box = event.currentTarget.getBoundingClientRect()
    const column = Math.floor((event.clientX - box.left - MARGIN) / side)
    const row = Math.floor((event.clientY - box.top - MARGIN) / side)
    setPointed(matrix[row]?.[column] === undefined ? null : { row, column })
  }
  return (
    <div className={styles.confusion}>
      <canvas ref={canvas} role="img" aria-label={t('confusionLabel')} style={{ width: size, height: size }} onPointerMove={point} onPointerLeave={() => setPointed(null)} />
      <p className={styles.quiet}>
        {pointed === null ? t('confusionHint') : t('confusionCell', { expected: name(pointed.row), predicted: name(pointed.column), count: matrix[pointed.row]?.[pointed.column] ?? 0 })}
      </p>
    </div>
  )
}

interface Painting extends ConfusionMatrixProps {
  readonly side: number
  readonly size: number
}

function paint(canvas: HTMLCanvasElement, { matrix, names, side, size }: Painting): void {
  const ratio = window.devicePixelRatio
  canvas.width = size * ratio
  canvas.height = size * ratio
  const context = canvas.getContext('2d')
  if (!context) return
  const style = getComputedStyle(document.documentElement)
  const colour = (variable: string) => style.getPropertyValue(variable).trim()
  context.scale(ratio, ratio)
  context.clearRect(0, 0, size, size)
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`
  context.textBaseline = 'middle'
  matrix.forEach((counts, row) => {
    const total = counts.reduce((sum, count) => sum + count, 0)
    counts.forEach((count, column) => {
      const [x, y] = [MARGIN + column * side, MARGIN + row * side]
      context.fillStyle = colour('--surface-hover')
      context.fillRect(x, y, side - 1, side - 1)
      if (count === 0 || total === 0) return
      const share = count / total
      // The few wrong ones are what is looked for: their scale begins higher.
      const strength = row === column ? 0.2 + 0.6 * share : Math.min(1, 0.35 + 2.5 * share)
      context.globalAlpha = strength
      context.fillStyle = row === column ? colour('--accent') : colour('--bad')
      context.fillRect(x, y, side - 1, side - 1)
      context.globalAlpha = 1
      if (side < NUMBER_SIDE) return
      // Strong cells are dark in the light theme and light in the dark one.
      context.fillStyle = colour(strength > 0.72 ? '--surface-canvas' : '--text')
      context.textAlign = 'center'
      context.fillText(String(count), x + side / 2, y + side / 2, side - 3)
    })
  })
  if (side < 11) return
  context.fillStyle = colour('--text-dim')
  matrix.forEach((_, index) => {
    const name = shortened(names?.[index] ?? String(index))
    context.textAlign = 'right'
    context.fillText(name, MARGIN - 6, MARGIN + index * side + side / 2, MARGIN - 8)
    context.textAlign = 'center'
    context.fillText(name, MARGIN + index * side + side / 2, MARGIN - 10, side + 4)
  })
}

/** To what fits beside a row. */
function shortened(name: string): string {
  return name.length <= 5 ? name : `${name.slice(0, 4)}…`
}
