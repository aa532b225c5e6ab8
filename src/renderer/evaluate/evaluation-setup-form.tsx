import { Button, Checkbox, NumberInput, Select, Tooltip, UnstyledButton } from '@mantine/core'
import { IconChevronRight, IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { type LabelKind, MetricName, metricNames, metricTraits } from '#shared/evaluation/metric'
import { formatInteger } from '../format/format-number'
import { fileName } from '../format/format-type'
import { variantTitle } from '../optimize/catalogue-text'
import { useVariantsStore } from '../stores/variants-store'
import { CardForm } from './card-form'
import { changeCard, chooseData, chooseLabels, startEvaluation, stopEvaluation } from './evaluate-actions'
import { choiceOf, useEvaluateStore } from './evaluate-store'
import styles from './evaluate.module.css'
import type { EvaluationRow } from './evaluation-rows'

const GROUPS: readonly LabelKind[] = ['class', 'none', 'tensor', 'mask', 'boxes', 'text']

interface SetupFormProps {
  readonly sourcePath: string
  readonly rows: readonly EvaluationRow[]
}

/** Data, metric, models and preparation; below them the button that starts. */
export function EvaluationSetupForm({ sourcePath, rows }: SetupFormProps): ReactNode {
  const { t } = useTranslation('evaluate')
  const choice = useEvaluateStore((state) => choiceOf(state.choices, sourcePath))
  const choose = useEvaluateStore((state) => state.choose)
  const busy = rows.some(({ state }) => state === 'running' || state === 'waiting')
  const chosen = rows.filter(({ path }) => !choice.leftOut.includes(path)).map(({ path }) => path)
  const againstSource = metricTraits[choice.metric].labels === 'none'
  const ready = choice.dataPath !== null && choice.problem === null && chosen.some((path) => !againstSource || path !== sourcePath)
  return (
    <section className={styles.setup} aria-label={t('data')}>
      <div className={styles.fields}>
        <div className={styles.fieldColumn}>
          <DataChoice sourcePath={sourcePath} />
          <Select
            label={t('metric')}
            value={choice.metric}
            allowDeselect={false}
            data={GROUPS.map((group) => ({ group: t(`groups.${group}`), items: metricNames.filter((name) => metricTraits[name].labels === group).map((name) => ({ value: name, label: t(`metrics.${name}`) })) }))}
            onChange={(value) => choose(sourcePath, { metric: MetricName.parse(value) })}
            comboboxProps={{ withinPortal: true }}
            maxDropdownHeight={320}
          />
        </div>
        <div className={styles.fieldColumn}>
          <ModelChoice sourcePath={sourcePath} rows={rows} />
          <Preparation sourcePath={sourcePath} />
          <div className={styles.pairRow}>
            <NumberInput
              label={t('limit')}
              placeholder={t('all')}
              min={1}
              allowDecimal={false}
              value={choice.limit ?? ''}
              onChange={(value) => choose(sourcePath, { limit: typeof value === 'number' && value >= 1 ? Math.floor(value) : null })}
            />
            <Checkbox className={styles.againCheck ?? ''} label={t('again')} checked={!choice.reuse} onChange={(event) => choose(sourcePath, { reuse: !event.currentTarget.checked })} />
          </div>
        </div>
      </div>
      <div className={styles.runBar}>
        {busy ? (
          <Button fullWidth variant="default" leftSection={<IconPlayerStop size={14} aria-hidden />} onClick={() => void stopEvaluation()}>
            {t('stop')}
          </Button>
        ) : (
          <Button fullWidth disabled={!ready} leftSection={<IconPlayerPlay size={14} aria-hidden />} onClick={() => void startEvaluation(sourcePath, chosen)}>
            {t('run')}
          </Button>
        )}
      </div>
    </section>
  )
}

function DataChoice({ sourcePath }: { readonly sourcePath: string }): ReactNode {
  const { t } = useTranslation('evaluate')
  const { dataPath, labelsPath, setup, problem } = useEvaluateStore((state) => choiceOf(state.choices, sourcePath))
  const found = setup && dataPath !== null ? (setup.sampleCount === null ? fileName(dataPath) : t(`found.${setup.kind}`, { samples: formatInteger(setup.sampleCount), name: fileName(dataPath) })) : null
  const about = found ?? (dataPath === null ? t('noData') : problem === null ? t('looking') : '')
  return (
    <div>
      <div className={styles.label} id="evaluation-data">
        {t('data')}
      </div>
      <div className={styles.buttons} role="group" aria-labelledby="evaluation-data">
        <Button variant="default" onClick={() => void chooseData(sourcePath, 'file')}>
          {t('file')}
        </Button>
        <Button variant="default" onClick={() => void chooseData(sourcePath, 'folder')}>
          {t('folder')}
        </Button>
        <Button variant="subtle" disabled={dataPath === null} onClick={() => void chooseLabels(sourcePath)}>
          {t('labels')}
        </Button>
      </div>
      <Tooltip label={dataPath} disabled={dataPath === null} multiline maw={480} openDelay={400}>
        <p className={styles.note}>{about}</p>
      </Tooltip>
      {labelsPath !== null && <p className={styles.note}>{t('labelsNote', { name: fileName(labelsPath) })}</p>}
      {problem !== null && (
        <p className={`${styles.note} bad`} role="alert">
          {problem}
        </p>
      )}
    </div>
  )
}

function ModelChoice({ sourcePath, rows }: SetupFormProps): ReactNode {
  const { t } = useTranslation('evaluate')
  const leftOut = useEvaluateStore((state) => choiceOf(state.choices, sourcePath).leftOut)
  const choose = useEvaluateStore((state) => state.choose)
  const variants = useVariantsStore((state) => state.bySource[sourcePath])
  if (rows.length < 2) return null
  const toggle = (path: string): void => choose(sourcePath, { leftOut: leftOut.includes(path) ? leftOut.filter((other) => other !== path) : [...leftOut, path] })
  return (
    <fieldset className={styles.models}>
      <legend className={styles.label}>{t('models')}</legend>
      {rows.map(({ path, isSource }) => (
        <Checkbox key={path} label={isSource ? t('source') : variantTitle(variants?.find(({ modelPath }) => modelPath === path)?.name ?? fileName(path))} checked={!leftOut.includes(path)} onChange={() => toggle(path)} />
      ))}
    </fieldset>
  )
}

function Preparation({ sourcePath }: { readonly sourcePath: string }): ReactNode {
  const { t } = useTranslation('evaluate')
  const { card, cardFrom, setup } = useEvaluateStore((state) => choiceOf(state.choices, sourcePath))
  const [open, setOpen] = useState(false)
  if (card === null) return null
  const origin = { model: t('fromModel'), guess: t('fromGuess'), project: t('fromProject') }[cardFrom]
  return (
    <div>
      <UnstyledButton className={styles.fold} aria-expanded={open} onClick={() => setOpen(!open)}>
        <IconChevronRight size={14} data-open={open || undefined} aria-hidden />
        <span className={styles.label}>{t('preparation')}</span>
        <span className={styles.origin} title={origin}>{origin}</span>
      </UnstyledButton>
      {open && <CardForm card={card} inputs={setup?.inputs ?? []} tokenizer={setup?.tokenizer ?? null} onChange={(next) => void changeCard(sourcePath, next)} />}
    </div>
  )
}
