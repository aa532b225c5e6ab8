import { Select } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { formatInteger } from '../format/format-number'

interface AxisSelectProps {
  readonly label: string
  /** Sizes of the axes to choose from. */
  readonly dims: readonly number[]
  readonly axis: number
  readonly onChange: (axis: number) => void
}

/** One axis of a tensor, named by its number and size. */
export function AxisSelect({ label, dims, axis, onChange }: AxisSelectProps): ReactNode {
  const { t } = useTranslation('canvas')
  return (
    <label>
      {label}
      <Select
        aria-label={label}
        w={112}
        allowDeselect={false}
        value={String(axis)}
        onChange={(value) => onChange(Number(value))}
        data={dims.map((dim, place) => ({ value: String(place), label: t('tensor.axis', { axis: place, size: formatInteger(dim) }) }))}
      />
    </label>
  )
}
