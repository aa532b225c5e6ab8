import { Button } from '@mantine/core'
import { IconPhoto, IconTable, IconWaveSine } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { TryPreview, TryTask } from '#shared/samples/try'
import { pickFiles } from '../../session/open-models'
import styles from '../try.module.css'
import { ExampleBar } from './example-bar'
import type { InputViewProps } from './input-view'
import { RecordButton } from './record-button'
import { takeFile } from './take-file'
import { Waveform } from './waveform'

interface FileInputProps extends InputViewProps {
  readonly task: TryTask
}

const ACCEPT: Partial<Record<TryTask['kind'], string>> = { 'classify-sound': 'audio/*', tensors: '.npz,.npy' }
/** Smaller pictures are shown with their pixels. */
const SMALL = 100

/** Pictures, sounds and tensors: dropped, chosen, recorded, or one of the model's own examples. */
export function FileInput({ description, task, preview, expected, onInput }: FileInputProps): ReactNode {
  const { t } = useTranslation('try')
  const choose = async (): Promise<void> => {
    const [file] = await pickFiles({ accept: ACCEPT[task.kind] ?? 'image/*' })
    if (file) await takeFile(file, task, onInput)
  }
  const Icon = task.kind === 'classify-sound' ? IconWaveSine : task.kind === 'tensors' ? IconTable : IconPhoto
  const invitation = t(task.kind === 'classify-sound' ? 'dropSound' : task.kind === 'tensors' ? 'dropTensors' : 'dropPicture')
  return (
    <>
      <div className={styles.zone} role="group" aria-label={invitation}>
        {preview === null ? <Icon size={28} stroke={1.3} color="var(--accent)" aria-hidden /> : <Shown preview={preview} />}
        {preview === null && <span className="dim">{invitation}</span>}
        {expected !== null && <span className="dim figures">{t('expected', { label: expected })}</span>}
      </div>
      <div className={styles.bar}>
        <Button variant="default" onClick={() => void choose()}>
          {t('choose')}
        </Button>
        {task.kind === 'classify-sound' && <RecordButton sampleRate={task.sampleRate} onRecorded={(samples) => onInput({ kind: 'recording', samples })} />}
        {task.kind === 'tensors' && (
          <Button variant="default" onClick={() => onInput({ kind: 'synthetic' })}>
            {t('synthetic')}
          </Button>
        )}
        {description.examples > 0 && <ExampleBar count={description.examples} onChoose={(index) => onInput({ kind: 'example', index })} />}
      </div>
    </>
  )
}

function Shown({ preview }: { readonly preview: TryPreview }): ReactNode {
  const { t } = useTranslation('try')
  switch (preview.kind) {
    case 'picture':
      return <img className={styles.preview} src={preview.picture.url} alt={t('given')} title={`${t('given')}: ${preview.picture.width} × ${preview.picture.height}`} data-small={preview.picture.height <= SMALL || undefined} />
    case 'sound':
      return <Waveform peaks={preview.peaks} label={`${t('given')}: ${preview.seconds.toFixed(1)} s`} />
    case 'tensors':
      return <span className="mono">{preview.description}</span>
    case 'text':
    case 'strokes':
    case 'rows':
      return null
  }
}
