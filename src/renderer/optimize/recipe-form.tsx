import { Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { PassInfo } from '#shared/ipc/contract'
import type { Recipe } from '#shared/recipe'
import type { Catalogue } from '../stores/app-store'
import { usePassText } from './catalogue-text'
import { optionFields } from './option-fields'
import { OptionInput } from './option-inputs'
import styles from './optimize-dialog.module.css'
import { withOption, type RecipeDraft } from './recipe-draft'

interface RecipeFormProps {
  readonly draft: RecipeDraft
  readonly catalogue: Catalogue
  readonly onChange: (recipe: Recipe) => void
}

/** The recipe as inputs, generated from what the passes say about their options. */
export function RecipeForm({ draft: { recipe }, catalogue, onChange }: RecipeFormProps): ReactNode {
  const { t } = useTranslation()
  if (recipe === null) return <p className={styles.step}>{t('optimize.formUnavailable')}</p>
  return recipe.passes.map((step, index) => {
    const pass = catalogue.passes.find(({ name }) => name === step.pass)
    return pass === undefined ? (
      <p key={index} className={styles.step}>
        {t('optimize.unknownPass', { name: step.pass })}
      </p>
    ) : (
      <Step
        key={index}
        pass={pass}
        options={step.options}
        onOption={(name, value, defaultValue) => onChange(withOption(recipe, { step: index, name, value, default: defaultValue, builtIn: catalogue.recipes }))}
      />
    )
  })
}

interface StepProps {
  readonly pass: PassInfo
  readonly options: Readonly<Record<string, unknown>>
  readonly onOption: (name: string, value: unknown, defaultValue: unknown) => void
}

function Step({ pass, options, onOption }: StepProps): ReactNode {
  const { title, description } = usePassText(pass)
  const fields = optionFields(pass.optionsSchema)
  return (
    <section className={styles.step} aria-label={title}>
      <h3>{title}</h3>
      <p>{description}</p>
      {fields.length > 0 && (
        <Stack gap={12}>
          {fields.map((field) => (
            <OptionInput key={field.name} field={field} value={options[field.name]} onChange={(value) => onOption(field.name, value, 'default' in field ? field.default : undefined)} />
          ))}
        </Stack>
      )}
    </section>
  )
}
