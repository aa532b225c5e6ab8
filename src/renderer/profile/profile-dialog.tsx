import { Button, Group, Modal, NumberInput, Stack } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { OpenDocument } from '#shared/ipc/contract'
import { dataSource, initialData } from '../optimize/data-choice'
import { DataPicker } from '../optimize/data-picker'
import { useModelTitle } from '../session/document-title'
import { startJob } from '../session/jobs'
import { useAppStore } from '../stores/app-store'
import { useDialogsStore } from '../stores/dialogs-store'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import { FreeDims } from './free-dims'

/** How often and with what to run the model; starting it makes a job and, from that, a profile. */
export default function ProfileDialog(): ReactNode {
  const { t } = useTranslation()
  const open = useDialogsStore((state) => state.profileOpen)
  const setOpen = useDialogsStore((state) => state.setProfileOpen)
  const document = useSessionStore(activeDocument)
  const title = useModelTitle(document?.summary.path ?? '')
  return (
    <Modal opened={open && document !== null} onClose={() => setOpen(false)} size={460} title={t('profile.title', { name: title })} closeButtonProps={{ 'aria-label': t('common.close') }}>
      {document !== null && <ProfileForm key={document.documentId} document={document} onClose={() => setOpen(false)} />}
    </Modal>
  )
}

function ProfileForm({ document: { summary }, onClose }: { readonly document: OpenDocument; readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation()
  const samples = useAppStore((state) => state.samples)
  const bySource = useVariantsStore((state) => state.bySource)
  // A variant takes the same inputs as its source.
  const sampleData = initialData(samples, variantAt(bySource, summary.path)?.sourcePath ?? summary.path)
  const [runs, setRuns] = useState(50)
  const [warmup, setWarmup] = useState(5)
  const [threads, setThreads] = useState(0)
  const [dims, setDims] = useState<Readonly<Record<string, number>>>({})
  const [data, setData] = useState(sampleData)
  const source = dataSource(data)

  const start = (): void => {
    if (source === null) return
    onClose()
    void startJob({ kind: 'profile', params: { modelPath: summary.path, options: { runs, warmup, threads, provider: 'cpu', dims: { ...dims } }, data: source } })
  }
  const whole = (set: (value: number) => void) => (value: string | number) => {
    if (typeof value === 'number') set(value)
  }

  return (
    <Stack gap={16}>
      <Group grow align="start">
        <NumberInput label={t('profile.runs')} description={t('profile.runsHint')} value={runs} onChange={whole(setRuns)} min={1} max={100_000} allowDecimal={false} />
        <NumberInput label={t('profile.warmup')} description={t('profile.warmupHint')} value={warmup} onChange={whole(setWarmup)} min={0} max={10_000} allowDecimal={false} />
        <NumberInput label={t('profile.threads')} description={t('profile.threadsHint')} value={threads} onChange={whole(setThreads)} min={0} max={256} allowDecimal={false} />
      </Group>
      <DataPicker
        label={t('profile.inputs')}
        value={data}
        onChange={setData}
        samplePath={sampleData.kind === 'sample' ? sampleData.path : null}
        syntheticNote={t('profile.syntheticNote')}
        warnSynthetic={false}
      />
      {data.kind === 'synthetic' && <FreeDims inputs={summary.inputs} dims={dims} onChange={setDims} />}
      <Group justify="flex-end" gap={8}>
        <Button variant="default" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button onClick={start} disabled={source === null}>
          {t('profile.start')}
        </Button>
      </Group>
    </Stack>
  )
}
