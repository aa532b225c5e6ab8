import { Select } from '@mantine/core'
import type { ReactNode } from 'react'
import { optionFields, type OptionField } from '../optimize/option-fields'
import type { Catalogue } from '../stores/app-store'

interface ChoiceProps {
  readonly label: string
  readonly field: Extract<OptionField, { kind: 'choice' }> | null
  readonly value: unknown
  readonly onChange: (value: unknown) => void
  /** Words for the choices; as they are where left out. */
  readonly names?: (choice: string) => string
}

/** One option of a pass with its choices; its default is left out of the recipe. */
export function Choice({ label, field, value, onChange, names = (choice) => choice }: ChoiceProps): ReactNode {
  if (field === null) return null
  return (
    <Select
      label={label}
      allowDeselect={false}
      data={field.choices.map((choice) => ({ value: String(choice), label: names(String(choice)) }))}
      value={typeof value === 'string' ? value : String(field.default)}
      onChange={(chosen) => onChange(chosen === field.default ? undefined : chosen)}
    />
  )
}

/** The choices of an option; null where the catalogue has none. */
export function fieldOf(catalogue: Catalogue, pass: string, name: string): ChoiceProps['field'] {
  const info = catalogue.passes.find((candidate) => candidate.name === pass)
  const field = info && optionFields(info.optionsSchema).find((candidate) => candidate.name === name)
  return field?.kind === 'choice' ? field : null
}
