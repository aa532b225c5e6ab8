import { Alert, Button, Group, Radio, Stack, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { fileName } from '../format/format-type'
import { pickData, type DataChoice } from './data-choice'

interface DataPickerProps {
  readonly label: string
  readonly value: DataChoice
  readonly onChange: (choice: DataChoice) => void
  /** The sample's own data, where the model is a sample. */
  readonly samplePath: string | null
  /** What to know about random inputs here. */
  readonly syntheticNote: string
  readonly warnSynthetic: boolean
}

/** Calibration data or profile inputs: the sample's own, a file or folder, or synthetic. */
export function DataPicker({ label, value, onChange, samplePath, syntheticNote, warnSynthetic }: DataPickerProps): ReactNode {
  const { t } = useTranslation()
  const pick = async (what: 'file' | 'folder'): Promise<void> => {
    const path = await pickData(what)
    if (path !== null) onChange({ kind: 'path', path })
  }
  const choose = (kind: string): void => {
    if (kind === 'sample' && samplePath !== null) onChange({ kind: 'sample', path: samplePath })
    else if (kind === 'path') onChange({ kind: 'path', path: value.kind === 'path' ? value.path : null })
    else onChange({ kind: 'synthetic' })
  }
  return (
    <Radio.Group label={label} value={value.kind} onChange={choose} size="xs">
      <Stack gap={8} mt={6}>
        {samplePath !== null && <Radio value="sample" label={t('data.sample', { name: fileName(samplePath) })} />}
        <Radio value="path" label={t('data.path')} />
        {value.kind === 'path' && (
          <Group gap={8} pl={28} wrap="nowrap">
            <Button variant="default" flex="none" onClick={() => void pick('file')}>
              {t('data.file')}
            </Button>
            <Button variant="default" flex="none" onClick={() => void pick('folder')}>
              {t('data.folder')}
            </Button>
            <Text size="sm" c="dimmed" truncate title={value.path ?? t('data.kinds')}>
              {value.path === null ? t('data.kinds') : fileName(value.path)}
            </Text>
          </Group>
        )}
        <Radio value="synthetic" label={t('data.synthetic')} />
        {value.kind === 'synthetic' && (
          <Alert color={warnSynthetic ? 'yellow' : 'gray'} variant="light" p={8} icon={<IconAlertTriangle size={16} aria-hidden />}>
            {syntheticNote}
          </Alert>
        )}
      </Stack>
    </Radio.Group>
  )
}
