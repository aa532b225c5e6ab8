import { MultiSelect, NumberInput, Select, Switch, TagsInput, TextInput } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { OptionField } from './option-fields'
import { choiceText, optionText } from './catalogue-text'

interface OptionInputProps {
  /** Name of the pass whose option this is. */
  readonly pass: string
  readonly field: OptionField
  readonly value: unknown
  readonly onChange: (value: unknown) => void
}

/** The input for one option, showing its default while the recipe does not say otherwise. */
export function OptionInput({ pass, field, value, onChange }: OptionInputProps): ReactNode {
  const { t } = useTranslation()
  const common = optionText(pass, field)
  switch (field.kind) {
    case 'boolean':
      return <Switch {...common} checked={typeof value === 'boolean' ? value : field.default} onChange={(event) => onChange(event.currentTarget.checked)} />
    case 'choice':
      return (
        <Select
          {...common}
          allowDeselect={false}
          data={field.choices.map((choice) => ({ value: String(choice), label: choiceText(field, String(choice)) }))}
          value={value === undefined ? (field.default === null ? null : String(field.default)) : typeof value === 'string' ? value : JSON.stringify(value)}
          onChange={(chosen) => onChange(field.choices.find((choice) => String(choice) === chosen))}
        />
      )
    case 'number':
      return (
        <NumberInput
          {...common}
          allowDecimal={!field.integer}
          {...(field.min !== null && { min: field.min })}
          {...(field.max !== null && { max: field.max })}
          value={typeof value === 'number' ? value : value === null ? '' : (field.default ?? '')}
          onChange={(next) => onChange(typeof next === 'number' ? next : field.nullable ? null : undefined)}
        />
      )
    case 'text':
      return <TextInput {...common} value={typeof value === 'string' ? value : field.default} onChange={(event) => onChange(event.currentTarget.value)} />
    case 'list': {
      const items = Array.isArray(value) ? value.map(String) : [...field.default]
      return field.choices === null ? (
        <TagsInput {...common} value={items} onChange={onChange} placeholder={items.length === 0 ? t('optimize.addName') : ''} />
      ) : (
        <MultiSelect {...common} size="xs" data={field.choices.map((choice) => ({ value: choice, label: choiceText(field, choice) }))} value={items} onChange={onChange} searchable hidePickedOptions />
      )
    }
    case 'other':
      return <TextInput {...common} value={t('optimize.inJson')} disabled />
  }
}
