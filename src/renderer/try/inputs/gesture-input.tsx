import { Button } from '@mantine/core'
import { useEffect, useRef, useState, type PointerEvent, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import styles from '../try.module.css'
import { ExampleBar } from './example-bar'
import type { InputViewProps } from './input-view'

type Strokes = [number, number][][]

/** A sheet to draw on. Each stroke that ends is tried together with those before it. */
export function GestureInput({ description, preview, expected, onInput }: InputViewProps): ReactNode {
  const { t } = useTranslation('try')
  const canvas = useRef<HTMLCanvasElement>(null)
  const [strokes, setStrokes] = useState<Strokes>([])
  const [example, setExample] = useState(false)
  const drawing = useRef<[number, number][] | null>(null)
  const given = example && preview?.kind === 'strokes' ? preview.strokes : null

  useEffect(() => {
    if (canvas.current) paint(canvas.current, given === null ? strokes : fitted(given, canvas.current))
  }, [strokes, given])

  const at = (event: PointerEvent<HTMLCanvasElement>): [number, number] => {
    const box = event.currentTarget.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }
  const end = (): void => {
    const stroke = drawing.current
    drawing.current = null
    if (stroke === null || stroke.length < 2) return
    onInput({ kind: 'strokes', strokes: [...strokes.filter((one) => one !== stroke), stroke] })
  }
  return (
    <>
      <canvas
        ref={canvas}
        className={styles.canvas}
        role="img"
        aria-label={t('draw')}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          const stroke = [at(event)]
          drawing.current = stroke
          setStrokes(example ? [stroke] : [...strokes, stroke])
          setExample(false)
        }}
        onPointerMove={(event) => {
          if (drawing.current === null) return
          drawing.current.push(at(event))
          setStrokes((known) => [...known])
        }}
        onPointerUp={end}
        onPointerCancel={end}
      />
      <div className={styles.bar}>
        <Button
          variant="default"
          onClick={() => {
            setStrokes([])
            setExample(false)
          }}
        >
          {t('clear')}
        </Button>
        <span className="dim">{example && expected !== null ? t('expected', { label: expected }) : strokes.length === 0 ? t('draw') : ''}</span>
        {description.examples > 0 && (
          <ExampleBar
            count={description.examples}
            onChoose={(index) => {
              setExample(true)
              setStrokes([])
              onInput({ kind: 'example', index })
            }}
          />
        )}
      </div>
    </>
  )
}

function paint(canvas: HTMLCanvasElement, strokes: Strokes): void {
  const context = canvas.getContext('2d')
  if (!context) return
  const ratio = window.devicePixelRatio
  canvas.width = Math.round(canvas.clientWidth * ratio)
  canvas.height = Math.round(canvas.clientHeight * ratio)
  context.scale(ratio, ratio)
  context.strokeStyle = getComputedStyle(canvas).getPropertyValue('--accent')
  context.lineWidth = 3
  context.lineCap = 'round'
  context.lineJoin = 'round'
  for (const stroke of strokes) {
    context.beginPath()
    stroke.forEach(([x, y], index) => (index === 0 ? context.moveTo(x, y) : context.lineTo(x, y)))
    context.stroke()
  }
}

/** Strokes of −1…1 in the middle of the sheet. */
function fitted(strokes: Strokes, { clientWidth, clientHeight }: HTMLCanvasElement): Strokes {
  const half = Math.min(clientWidth, clientHeight) * 0.42
  return strokes.map((stroke) => stroke.map(([x, y]) => [clientWidth / 2 + x * half, clientHeight / 2 + y * half]))
}
