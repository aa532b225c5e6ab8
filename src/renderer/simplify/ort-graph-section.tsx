import { Button, Group } from '@mantine/core'
import { useEffect, useRef, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { jobKinds } from '#shared/ipc/jobs'
import { formatInteger } from '../format/format-number'
import { Section } from '../inspector/property-list'
import { compareFiles } from '../session/compare-models'
import { startJob } from '../session/jobs'
import { openPaths } from '../session/open-models'
import { reportError } from '../session/report-error'
import { isUnfinished, useJobsStore } from '../stores/jobs-store'
import { useReadOnlyStore } from '../stores/read-only-store'
import styles from './simplify.module.css'

/** The graph that onnxruntime makes of the model by itself, opened beside it. */
export function OrtGraphSection({ modelPath }: { readonly modelPath: string }): ReactNode {
  const { t } = useTranslation('simplify')
  const job = useJobsStore((state) => state.jobs.find((candidate) => candidate.kind === 'ort-graph' && candidate.modelPath === modelPath))
  const running = job !== undefined && isUnfinished(job)
  const parsed = job?.state === 'done' ? jobKinds['ort-graph'].result.safeParse(job.result) : null
  const result = parsed?.success === true ? parsed.data : null
  // Opened when the job that was started here ends, not when the panel is shown again.
  const awaited = useRef(false)
  useEffect(() => {
    if (running) awaited.current = true
    else if (awaited.current && result !== null) {
      awaited.current = false
      void show(result.path)
    }
  }, [running, result])
  return (
    <Section title={t('ort')}>
      <p className={styles.note}>{result === null ? t('ortHint') : t('ortResult', { before: formatInteger(result.nodesBefore), after: formatInteger(result.nodesAfter) })}</p>
      <Group gap={8}>
        <Button variant="default" loading={running} onClick={() => void (result === null ? startJob({ kind: 'ort-graph', params: { modelPath } }) : show(result.path))}>
          {t('ortOpen')}
        </Button>
        {result !== null && (
          <Button variant="default" onClick={() => void showBeside(modelPath, result.path).catch(reportError)}>
            {t('ortBeside')}
          </Button>
        )}
      </Group>
    </Section>
  )
}

/** What onnxruntime made is looked at, not edited. */
function show(path: string): Promise<void> {
  useReadOnlyStore.getState().add(path)
  return openPaths([path])
}

function showBeside(modelPath: string, path: string): Promise<void> {
  useReadOnlyStore.getState().add(path)
  return compareFiles(modelPath, path)
}
