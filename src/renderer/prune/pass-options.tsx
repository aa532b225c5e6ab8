import { Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import type { PassInfo } from '#shared/ipc/contract'
import { FoldedSection } from '../optimize/folded-section'
import { optionFields, type OptionField } from '../optimize/option-fields'
import { OptionInput } from '../optimize/option-inputs'
import { shownOptions, type Method } from './prune-recipe'
import { usePruneTexts } from './prune-texts'

interface PassOptionsProps {
  readonly method: Method
  readonly pass: PassInfo
  readonly options: Readonly<Record<string, unknown>>
  readonly onOption: (option: { readonly name: string; readonly value: unknown; readonly fallback: unknown }) => void
}

/** Inputs for a pass, from what it says about its options; what few people change is folded away. */
export function PassOptions({ method, pass, options, onOption }: PassOptionsProps): ReactNode {
  const t = usePruneTexts()
  const { main, unused } = shownOptions(method, options)
  const fields = optionFields(pass.optionsSchema).filter(({ name }) => !unused.includes(name))
  const input = (field: OptionField) => (
    <OptionInput key={field.name} pass={pass.name} field={choicesFor(method, field)} value={options[field.name]} onChange={(value) => onOption({ name: field.name, value, fallback: 'default' in field ? field.default : undefined })} />
  )
  const more = fields.filter(({ name }) => !main.includes(name))
  return (
    <>
      <Stack gap={12}>{main.flatMap((name) => fields.filter((field) => field.name === name)).map(input)}</Stack>
      {more.length > 0 && (
        <FoldedSection title={t('more')}>
          {more.map(input)}
        </FoldedSection>
      )}
    </>
  )
}

/** A pattern of none is another method. */
function choicesFor(method: Method, field: OptionField): OptionField {
  return method === 'pattern' && field.name === 'pattern' && field.kind === 'choice' ? { ...field, choices: field.choices.filter((choice) => choice !== 'none') } : field
}
