import { Accordion, Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { PassInfo } from '#shared/ipc/contract'
import type { Recipe } from '#shared/recipe'
import type { Catalogue } from '../stores/app-store'
import { passText } from './catalogue-text'
import { optionFields, type OptionField } from './option-fields'
import { OptionInput } from './option-inputs'
import styles from './optimize-dialog.module.css'
import { withOption, type RecipeDraft } from './recipe-draft'

interface RecipeFormProps {
  readonly draft: RecipeDraft
  readonly catalogue: Catalogue
  readonly onChange: (recipe: Recipe) => void
}

/** The recipe as inputs, generated from what the passes say about their options. The step with the most of them is unfolded. */
export function RecipeForm({ draft: { recipe }, catalogue, onChange }: RecipeFormProps): ReactNode {
  const { t } = useTranslation()
  if (recipe === null) return <p className={styles.note}>{t('optimize.formUnavailable')}</p>
  const steps = recipe.passes.map((step, index) => {
    const pass = catalogue.passes.find(({ name }) => name === step.pass)
    return { step, index, pass, fields: pass === undefined ? [] : optionFields(pass.optionsSchema) }
  })
  const core = steps.reduce((best, candidate) => (candidate.fields.length > best.fields.length ? candidate : best), steps[0] ?? { index: 0, fields: [] })
  return (
    <Accordion key={recipe.passes.map(({ pass }) => pass).join()} multiple defaultValue={[String(core.index)]} variant="default" chevronSize={16}>
      {steps.map(({ step, index, pass, fields }) =>
        pass === undefined ? (
          <p key={index} className={styles.note}>
            {t('optimize.unknownPass', { name: step.pass })}
          </p>
        ) : (
          <Step
            key={index}
            value={String(index)}
            pass={pass}
            fields={fields}
            options={step.options}
            onOption={(name, value, defaultValue) => onChange(withOption(recipe, { step: index, name, value, default: defaultValue, builtIn: catalogue.recipes }))}
          />
        ),
      )}
    </Accordion>
  )
}

interface StepProps {
  readonly value: string
  readonly pass: PassInfo
  readonly fields: readonly OptionField[]
  readonly options: Readonly<Record<string, unknown>>
  readonly onOption: (name: string, value: unknown, defaultValue: unknown) => void
}

function Step({ value, pass, fields, options, onOption }: StepProps): ReactNode {
  useTranslation()
  const { title, description } = passText(pass)
  return (
    <Accordion.Item value={value}>
      <Accordion.Control className={styles.stepTitle ?? ''}>{title}</Accordion.Control>
      <Accordion.Panel>
        <p className={styles.stepText}>{description}</p>
        <Stack gap={12}>
          {fields.map((field) => (
            <OptionInput key={field.name} pass={pass.name} field={field} value={options[field.name]} onChange={(next) => onOption(field.name, next, 'default' in field ? field.default : undefined)} />
          ))}
        </Stack>
      </Accordion.Panel>
    </Accordion.Item>
  )
}
