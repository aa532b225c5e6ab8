import { Button, CloseButton, Group, Input, NumberInput, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { MetricName, metricTraits } from '#shared/evaluation/metric'
import type { Recipe } from '#shared/recipe'
import { fileName } from '../format/format-type'
import { pickData } from '../optimize/data-choice'
import type { Catalogue } from '../stores/app-store'
import { MoreOptions } from './more-options'
import { Choice, fieldOf } from './option-choice'
import { searchOptions, withSearchOption } from './quantize-choice'

interface SearchBudgetProps {
  readonly recipe: Recipe
  readonly catalogue: Catalogue
  readonly onChange: (recipe: Recipe) => void
}

/** What search-precision must keep to; a metric, with its data and how much may be lost. */
export function SearchBudget({ recipe, catalogue, onChange }: SearchBudgetProps): ReactNode {
  const { t } = useTranslation('quantize')
  const { t: tApp } = useTranslation()
  const options = searchOptions(recipe)
  const set = (name: string) => (value: unknown): void => onChange(withSearchOption(recipe, name, value, catalogue.recipes))
  const metric = MetricName.catch('top-1').parse(options['metric'])
  const data = typeof options['labelledData'] === 'string' ? options['labelledData'] : ''
  const pick = async (what: 'file' | 'folder'): Promise<void> => {
    const path = await pickData(what)
    if (path !== null) set('labelledData')(path)
  }
  return (
    <Stack gap={10} pl={28}>
      <Choice
        label={t('budget')}
        field={fieldOf(catalogue, 'search-precision', 'budget')}
        value={options['budget']}
        onChange={set('budget')}
        names={(name) => t(`budgets.${name as 'sqnr'}`, { db: options['targetSqnrDb'] ?? 30, share: inPercent(options['targetAgreement'] ?? 0.99) })}
      />
      {options['budget'] === 'agreement' ? (
        <NumberInput
          label={t('targetAgreement')}
          value={inPercent(options['targetAgreement'] ?? 0.99)}
          min={0}
          max={100}
          step={0.5}
          decimalScale={4}
          suffix=" %"
          onChange={(next) => set('targetAgreement')(typeof next === 'number' ? Number((next / 100).toPrecision(6)) : undefined)}
        />
      ) : (
        options['budget'] !== 'accuracy' && (
          <NumberInput
            label={t('targetSqnr')}
            value={Number(options['targetSqnrDb'] ?? 30)}
            min={0}
            max={100}
            step={1}
            decimalScale={2}
            suffix=" dB"
            onChange={(next) => set('targetSqnrDb')(typeof next === 'number' ? next : undefined)}
          />
        )
      )}
      {options['budget'] === 'accuracy' && (
        <>
          <Group gap={8} grow align="end" wrap="nowrap">
            <Choice label={t('metric')} field={fieldOf(catalogue, 'search-precision', 'metric')} value={options['metric']} onChange={set('metric')} names={(name) => tApp(`metrics.${name as MetricName}`)} />
            <NumberInput
              label={t('allowedLoss')}
              value={inPercent(options['maxAccuracyLoss'] ?? 0.005)}
              min={0}
              step={0.1}
              decimalScale={4}
              suffix={metricTraits[metric].unit === 'share' ? t('points') : ' %'}
              onChange={(next) => set('maxAccuracyLoss')(typeof next === 'number' ? Number((next / 100).toPrecision(6)) : undefined)}
            />
          </Group>
          <Input.Wrapper label={t('labelledData')}>
            <Group gap={8} wrap="nowrap">
              <Button variant="default" flex="none" onClick={() => void pick('file')}>
                {tApp('data.file')}
              </Button>
              <Button variant="default" flex="none" onClick={() => void pick('folder')}>
                {tApp('data.folder')}
              </Button>
              <Text size="sm" c="dimmed" truncate title={data}>
                {data === '' ? t('labelledDataNone') : fileName(data)}
              </Text>
              {data !== '' && <CloseButton size="sm" aria-label={t('labelledDataClear')} onClick={() => set('labelledData')(undefined)} />}
            </Group>
          </Input.Wrapper>
        </>
      )}
      <MoreOptions pass="search-precision" options={options} catalogue={catalogue} onOption={(name, value) => set(name)(value)} />
    </Stack>
  )
}

function inPercent(share: unknown): number {
  return Number((100 * Number(share)).toFixed(4))
}
