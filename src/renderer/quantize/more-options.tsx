import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { FoldedSection } from '../optimize/folded-section'
import { optionFields } from '../optimize/option-fields'
import { OptionInput } from '../optimize/option-inputs'
import { sameValue } from '../optimize/recipe-draft'
import type { Catalogue } from '../stores/app-store'

/** Options that have their place elsewhere in the panel, or are lists longer than a form. */
const PLACED = new Set([
  ...['target', 'method', 'calibration', 'perChannel', 'opTypes', 'nodes', 'excludeNodes', 'tensorOverrides', 'nodeOverrides', 'opTypeOverrides'],
  ...['budget', 'targetSqnrDb', 'targetAgreement', 'metric', 'maxAccuracyLoss', 'labelledData', 'quantization'],
])

interface MoreOptionsProps {
  readonly pass: string | null
  readonly options: Readonly<Record<string, unknown>>
  readonly catalogue: Catalogue
  /** Undefined for the default, which the recipe leaves out. */
  readonly onOption: (name: string, value: unknown) => void
}

/** The other options of a pass, from what it says about them; few people change them. */
export function MoreOptions({ pass: name, options, catalogue, onOption }: MoreOptionsProps): ReactNode {
  const { t } = useTranslation('quantize')
  const pass = catalogue.passes.find((candidate) => candidate.name === name)
  const fields = pass === undefined ? [] : optionFields(pass.optionsSchema).filter((field) => !PLACED.has(field.name))
  if (pass === undefined || fields.length === 0) return null
  return (
    <FoldedSection title={t('moreSettings')}>
      {fields.map((field) => (
        <OptionInput key={field.name} pass={pass.name} field={field} value={options[field.name]} onChange={(value) => onOption(field.name, 'default' in field && sameValue(value, field.default) ? undefined : value)} />
      ))}
    </FoldedSection>
  )
}
