import { Button, Tooltip } from '@mantine/core'
import { IconStopwatch } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { dataSource, initialData } from '../optimize/data-choice'
import { requestJob } from '../session/jobs'
import { useAppStore } from '../stores/app-store'
import { isUnfinished, useJobsStore } from '../stores/jobs-store'

/** As the Profile dialog proposes. */
const OPTIONS = { runs: 50, warmup: 5, threads: 0, provider: 'cpu' as const, dims: {} }

/** Measures the source and all variants here, one after the other, on the same inputs. */
export function MeasureAll({ sourcePath, paths }: { readonly sourcePath: string; readonly paths: readonly string[] }): ReactNode {
  const { t } = useTranslation('variants')
  const left = useJobsStore((state) => state.jobs.filter((job) => job.kind === 'profile' && paths.includes(job.modelPath) && isUnfinished(job)).length)
  const samples = useAppStore((state) => state.samples)
  const measure = async (): Promise<void> => {
    const data = dataSource(initialData(samples, sourcePath)) ?? { kind: 'synthetic', samples: 1 }
    for (const modelPath of paths) if ((await requestJob({ kind: 'profile', params: { modelPath, options: OPTIONS, data } })) === null) return
  }
  return (
    <Tooltip label={t('measureHint', { runs: OPTIONS.runs })}>
      <Button variant="default" size="compact-xs" disabled={left > 0} leftSection={<IconStopwatch size={14} aria-hidden />} onClick={() => void measure()}>
        {left > 0 ? t('measuring', { count: left }) : t('profileNow')}
      </Button>
    </Tooltip>
  )
}
