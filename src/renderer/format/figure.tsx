import type { ReactNode } from 'react'
import type { Quantity } from './format-number'

interface FigureProps extends Quantity {
  /** What the figure is, where the place does not say. */
  readonly label?: string
  readonly className?: string | undefined
}

/** A figure with its unit in a lighter tone. */
export function Figure({ value, unit, label, className = '' }: FigureProps): ReactNode {
  return (
    <span className={`figures ${className}`}>
      {label !== undefined && <span className="dim">{label} </span>}
      {value}
      {unit !== '' && <span className="dim">{unit === '×' ? unit : `\u00a0${unit}`}</span>}
    </span>
  )
}
