import { NumberInput, SimpleGrid } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ModelSummary } from '#shared/ipc/model-view'
import { freeDimensions } from './free-dimensions'

interface FreeDimsProps {
  readonly inputs: ModelSummary['inputs']
  readonly dims: Readonly<Record<string, number>>
  readonly onChange: (dims: Readonly<Record<string, number>>) => void
}

/** A number for each size the model leaves open; empty ones are chosen by the engine. */
export function FreeDims({ inputs, dims, onChange }: FreeDimsProps): ReactNode {
  const { t } = useTranslation()
  const names = freeDimensions(inputs)
  if (names.length === 0) return null
  const set = (name: string, value: string | number): void => {
    const { [name]: _before, ...others } = dims
    onChange(typeof value === 'number' ? { ...others, [name]: value } : others)
  }
  return (
    <SimpleGrid cols={2} spacing="sm" verticalSpacing="sm">
      {names.map((name) => (
        <NumberInput key={name} label={name} placeholder={t('profile.dimAuto')} min={1} allowDecimal={false} value={dims[name] ?? ''} onChange={(value) => set(name, value)} />
      ))}
    </SimpleGrid>
  )
}
