import { correction, generate } from 'lean-qr'
import { useMemo, type ReactNode } from 'react'

/** White around the code, in modules: readers ask for four. */
const QUIET = 4

/** Always dark on white: cameras read nothing else well. */
export default function QrCode({ text, label }: { readonly text: string; readonly label: string }): ReactNode {
  const { size, path } = useMemo(() => outline(text), [text])
  const whole = size + 2 * QUIET
  return (
    <svg viewBox={`0 0 ${whole} ${whole}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={whole} height={whole} fill="#ffffff" />
      <path d={path} fill="#000000" />
    </svg>
  )
}

function outline(text: string): { size: number; path: string } {
  const code = generate(text, { minCorrectionLevel: correction.M })
  const squares: string[] = []
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) if (code.get(x, y)) squares.push(`M${x + QUIET} ${y + QUIET}h1v1h-1z`)
  }
  return { size: code.size, path: squares.join('') }
}
