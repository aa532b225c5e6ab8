import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useRef, useState, type PointerEvent, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { TensorMap } from '#shared/ipc/model-view'
import { significant } from '../format/format-number'
import styles from './tensor.module.css'

const LARGEST_CELL = 16
const MOST_HEIGHT = 240

type Colour = readonly [red: number, green: number, blue: number]

/** From the most negative over zero to the most positive; blue and orange are told apart without red and green. */
const SCALES: Record<'light' | 'dark', { readonly negative: Colour; readonly zero: Colour; readonly positive: Colour; readonly hole: Colour }> = {
  light: { negative: [22, 78, 170], zero: [246, 247, 249], positive: [190, 78, 10], hole: [200, 30, 120] },
  dark: { negative: [110, 160, 255], zero: [32, 36, 43], positive: [255, 158, 74], hole: [255, 90, 190] },
}

interface HeatMapProps {
  readonly map: TensorMap
  readonly label: string
}

/** A slice of a tensor in colours centred on zero; the value under the pointer is named below. */
export function HeatMap({ map, label }: HeatMapProps): ReactNode {
  const { t } = useTranslation('canvas')
  const scheme = useComputedColorScheme('light')
  const canvas = useRef<HTMLCanvasElement>(null)
  const [at, setAt] = useState<{ readonly row: number; readonly column: number } | null>(null)
  const { shownRows, shownColumns } = map
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context || shownRows === 0 || shownColumns === 0) return
    const image = context.createImageData(shownColumns, shownRows)
    map.values.forEach((value, cell) => image.data.set([...colourOf(value, map.largest, scheme), 255], 4 * cell))
    context.putImageData(image, 0, 0)
  }, [map, scheme, shownRows, shownColumns])
  if (shownRows === 0 || shownColumns === 0) return null
  const point = (event: PointerEvent<HTMLCanvasElement>): void => {
    const bounds = event.currentTarget.getBoundingClientRect()
    const place = (part: number, count: number) => Math.min(count - 1, Math.max(0, Math.floor(part * count)))
    setAt({ row: place((event.clientY - bounds.top) / bounds.height, shownRows), column: place((event.clientX - bounds.left) / bounds.width, shownColumns) })
  }
  const value = at === null ? null : (map.values[at.row * shownColumns + at.column] ?? null)
  const places = at === null ? '' : `[${span(at.row, shownRows, map.rows)}, ${span(at.column, shownColumns, map.columns)}]`
  return (
    <figure className={styles.map}>
      <canvas
        ref={canvas}
        width={shownColumns}
        height={shownRows}
        role="img"
        aria-label={label}
        style={{ width: `min(100%, ${shownColumns * LARGEST_CELL}px)`, height: Math.min(MOST_HEIGHT, Math.max(LARGEST_CELL, shownRows * cellHeight(map))) }}
        onPointerMove={point}
        onPointerLeave={() => setAt(null)}
      />
      <figcaption>
        <div className={styles.scale} style={{ background: gradient(scheme) }} />
        <div className={styles.scaleFigures}>
          <span>{significant(-map.largest)}</span>
          <span>{at === null ? '0' : `${places} ${value === null ? t('tensor.hole') : significant(value)}`}</span>
          <span>{significant(map.largest)}</span>
        </div>
      </figcaption>
    </figure>
  )
}

/** Square cells where there is room for them. */
function cellHeight({ shownColumns }: TensorMap): number {
  return Math.min(LARGEST_CELL, Math.max(2, Math.floor(312 / shownColumns)))
}

/** Of the whole slice, what a cell stands for: `3`, or `12–15`. */
function span(cell: number, cells: number, whole: number): string {
  const from = Math.ceil((cell * whole) / cells)
  const to = Math.ceil(((cell + 1) * whole) / cells) - 1
  return to <= from ? String(from) : `${from}–${to}`
}

function colourOf(value: number | null, largest: number, scheme: 'light' | 'dark'): Colour {
  const { negative, zero, positive, hole } = SCALES[scheme]
  if (value === null) return hole
  const far = value < 0 ? negative : positive
  // The square root keeps small values apart from zero.
  const part = largest === 0 ? 0 : Math.sqrt(Math.min(1, Math.abs(value) / largest))
  const mix = (channel: 0 | 1 | 2) => Math.round(zero[channel] + (far[channel] - zero[channel]) * part)
  return [mix(0), mix(1), mix(2)]
}

function gradient(scheme: 'light' | 'dark'): string {
  const stops = Array.from({ length: 17 }, (_, step) => `rgb(${colourOf(step / 8 - 1, 1, scheme).join(', ')})`)
  return `linear-gradient(to right, ${stops.join(', ')})`
}
