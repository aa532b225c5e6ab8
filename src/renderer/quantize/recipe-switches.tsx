import { Select, Stack, Switch } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Recipe } from '#shared/recipe'
import { Section } from '../inspector/property-list'
import { passText } from '../optimize/catalogue-text'
import type { Catalogue } from '../stores/app-store'
import { MoreOptions } from './more-options'
import { Choice, fieldOf } from './option-choice'
import { coreOptions, corePass, hasPass, isStatic, type Precision, PRECISIONS, precisionOf, RECOVERY, recipeFor, withCoreOption, withPrecision, withRecovery, withSearch } from './quantize-choice'
import { useQuantizeStore } from './quantize-store'
import styles from './quantize.module.css'
import { SearchBudget } from './search-budget'
import { TargetSelect } from './target-select'

interface RecipeSwitchesProps {
  readonly recipe: Recipe
  readonly catalogue: Catalogue
  readonly onChange: (recipe: Recipe) => void
}

const EMPTY = {}

/** Precision, and the target it is for. */
export function PrecisionSection({ recipe, catalogue, modelPath, onChange }: RecipeSwitchesProps & { readonly modelPath: string }): ReactNode {
  const { t } = useTranslation('quantize')
  const precision = precisionOf(recipe)
  const shelf = useQuantizeStore((state) => state.shelves[modelPath] ?? EMPTY)
  const setShelf = useQuantizeStore((state) => state.setShelf)
  const choose = (chosen: Precision): void => {
    const next = withPrecision(recipe, chosen, { shelf, builtIn: catalogue.recipes })
    setShelf(modelPath, next.shelf)
    onChange(next.recipe)
  }
  return (
    <Section title={t('precision')}>
      <Stack gap={10}>
        <Select
          aria-label={t('precision')}
          allowDeselect={false}
          value={precision}
          data={PRECISIONS.filter((name) => recipeFor(name, catalogue.recipes) !== null).map((name) => ({ value: name, label: t(`precisions.${name}`) }))}
          onChange={(chosen) => chosen !== null && choose(chosen)}
        />
        {precision === null && <p className={`${styles.note} warning`}>{t('notKnown')}</p>}
        <TargetSelect recipe={recipe} catalogue={catalogue} modelPath={modelPath} onChange={onChange} />
      </Stack>
    </Section>
  )
}

/** How ranges or codes are chosen, and what brings lost accuracy back. */
export function AccuracySection({ recipe, catalogue, onChange }: RecipeSwitchesProps): ReactNode {
  const { t } = useTranslation('quantize')
  const precision = precisionOf(recipe)
  const choose = (name: string) => (value: unknown): void => onChange(withCoreOption(recipe, name, value, catalogue.recipes))
  const perChannel = <Switch label={t('perChannel')} checked={coreOptions(recipe)['perChannel'] !== false} onChange={(event) => choose('perChannel')(event.currentTarget.checked ? undefined : false)} />
  const more = <MoreOptions pass={corePass(recipe)} options={coreOptions(recipe)} catalogue={catalogue} onOption={(name, value) => choose(name)(value)} />
  if (precision === 'int4') {
    return (
      <Section title={t('ranges')}>
        <Choice label={t('method')} field={fieldOf(catalogue, 'quantize-weights', 'method')} value={coreOptions(recipe)['method']} onChange={choose('method')} />
        {more}
      </Section>
    )
  }
  if (precision === null) return null
  if (!isStatic(recipe)) {
    return (
      <Section title={t('settings')}>
        {precision === 'int8-dynamic' && perChannel}
        {more}
      </Section>
    )
  }
  return (
    <>
      <Section title={t('ranges')}>
        <Stack gap={10}>
          <Choice label={t('rangesMethod')} field={fieldOf(catalogue, 'quantize-static', 'calibration')} value={coreOptions(recipe)['calibration']} onChange={choose('calibration')} names={(name) => t(`methods.${name as 'mse'}`)} />
          {perChannel}
        </Stack>
        {more}
      </Section>
      <Section title={t('recovery')}>
        <Stack gap={10}>
          {[...RECOVERY.before, ...RECOVERY.after].map((name) => {
            const pass = catalogue.passes.find((candidate) => candidate.name === name)
            if (pass === undefined) return null
            const { title, description } = passText(pass)
            return <Switch key={name} label={title} title={description} checked={hasPass(recipe, name)} onChange={(event) => onChange(withRecovery(recipe, name, event.currentTarget.checked, catalogue.recipes))} />
          })}
          <Switch label={t('search')} description={t('searchHint')} checked={hasPass(recipe, 'search-precision')} onChange={(event) => onChange(withSearch(recipe, event.currentTarget.checked, catalogue.recipes))} />
          {hasPass(recipe, 'search-precision') && <SearchBudget recipe={recipe} catalogue={catalogue} onChange={onChange} />}
        </Stack>
      </Section>
    </>
  )
}
