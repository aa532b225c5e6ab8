import { Button, Group } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { jobKinds, type DataSource } from '#shared/ipc/jobs'
import type { SensitivityResult } from '#shared/measurement'
import type { Recipe } from '#shared/recipe'
import { withoutFolders } from '#shared/without-folders'
import { Figure } from '../format/figure'
import { formatDb } from '../format/format-number'
import { said } from '../i18n/engine-words'
import { Section } from '../inspector/property-list'
import { requestJob } from '../session/jobs'
import { isUnfinished, useJobsStore } from '../stores/jobs-store'
import { LayerBars, showLayers } from './layer-bars'
import { coreOptions, isStatic, withOverride } from './quantize-choice'
import styles from './quantize.module.css'
import { RunningJob } from './running-job'

/** So many layers are kept float with one click. */
const WORST = 3

interface SensitivitySectionProps {
  readonly documentId: string
  readonly modelPath: string
  readonly recipe: Recipe
  readonly builtIn: readonly Recipe[]
  readonly data: DataSource | null
  readonly onChange: (recipe: Recipe) => void
}

/** What each layer would lose by itself, as bars and on the graph. */
export function SensitivitySection({ documentId, modelPath, recipe, builtIn, data, onChange }: SensitivitySectionProps): ReactNode {
  const { t } = useTranslation('quantize')
  const under = useJobsStore((state) => state.jobs.find((job) => job.kind === 'sensitivity' && job.modelPath === modelPath && isUnfinished(job)))
  const result = useSensitivity(modelPath)
  const layers = (result?.layers ?? []).map(({ nodeId, nodeName, opType, outputSqnrDb }) => ({ nodeId, nodeName, opType, sqnrDb: outputSqnrDb }))
  const worst = layers.filter(({ nodeName }) => nodeName !== '').toSorted((a, b) => a.sqnrDb - b.sqnrDb).slice(0, WORST)
  // What single layers have of their own is left out: each is asked as if it were quantized.
  const { nodeOverrides: _nodes, opTypeOverrides: _ops, excludeNodes: _left, ...options } = coreOptions(recipe)
  return (
    <Section title={t('sensitivity')}>
      <p className={styles.note}>{t('sensitivityHint')}</p>
      {result !== null && (
        <>
          <LayerBars layers={layers} label={t('sensitivity')} />
          <p className={styles.note}>
            {t('allQuantized')}: <Figure {...formatDb(result.allQuantizedDb)} />. {said(withoutFolders(result.conditions))}
          </p>
        </>
      )}
      <RunningJob job={under} label={t('sensitivity')} />
      <Group gap={8}>
        <Button variant="default" loading={under !== undefined} disabled={data === null} onClick={() => data && void requestJob({ kind: 'sensitivity', params: { modelPath, data, options: isStatic(recipe) ? options : {} } })}>
          {t(result === null ? 'measure' : 'measureAgain')}
        </Button>
        {result !== null && (
          <Button variant="default" onClick={() => showLayers({ id: 'sensitivity', documentId, title: t('overlaySensitivity'), layers })}>
            {t('showOnGraph')}
          </Button>
        )}
        {worst.length > 0 && isStatic(recipe) && (
          <Button variant="default" onClick={() => onChange(worst.reduce((so, { nodeName }) => withOverride(so, { kind: 'node', name: nodeName, setting: { keepFloat: true } }, builtIn), recipe))}>
            {t('keepWorst', { count: worst.length })}
          </Button>
        )}
      </Group>
    </Section>
  )
}

/** The newest finished measurement of this model. */
function useSensitivity(modelPath: string): SensitivityResult | null {
  const job = useJobsStore((state) => state.jobs.find((candidate) => candidate.kind === 'sensitivity' && candidate.modelPath === modelPath && candidate.state === 'done'))
  const parsed = job?.state === 'done' ? jobKinds.sensitivity.result.safeParse(job.result) : null
  return parsed?.success === true ? parsed.data : null
}
