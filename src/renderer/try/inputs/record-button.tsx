import { Button } from '@mantine/core'
import { IconMicrophone, IconPlayerStopFilled } from '@tabler/icons-react'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { showError } from '../try-store'
import { decodeSound } from './decode-sound'

/** Commands are short; nobody should forget a running microphone. */
const MOST_SECONDS = 10

interface RecordButtonProps {
  readonly sampleRate: number
  readonly onRecorded: (samples: number[]) => void
}

/** Records from the microphone until pressed again. */
export function RecordButton({ sampleRate, onRecorded }: RecordButtonProps): ReactNode {
  const { t } = useTranslation('try')
  const recorder = useRef<MediaRecorder | null>(null)
  const [seconds, setSeconds] = useState<number | null>(null)
  useEffect(() => () => recorder.current?.stop(), [])
  useEffect(() => {
    if (seconds === null) return
    if (seconds >= MOST_SECONDS) {
      recorder.current?.stop()
      return
    }
    const timer = setTimeout(() => setSeconds(seconds + 1), 1000)
    return () => clearTimeout(timer)
  }, [seconds])

  const start = async (): Promise<void> => {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
      const parts: Blob[] = []
      const own = new MediaRecorder(stream)
      own.addEventListener('dataavailable', ({ data }) => parts.push(data))
      own.addEventListener('stop', () => {
        stream.getTracks().forEach((track) => track.stop())
        recorder.current = null
        setSeconds(null)
        void new Blob(parts)
          .arrayBuffer()
          .then((bytes) => decodeSound(bytes, sampleRate))
          .then(onRecorded)
          .catch(() => showError({ code: 'invalid-data', message: t('noMicrophone') }))
      })
      own.start()
      recorder.current = own
      setSeconds(0)
    } catch {
      showError({ code: 'permission-denied', message: t('noMicrophone') })
    }
  }
  const recording = seconds !== null
  return (
    <Button
      variant={recording ? 'filled' : 'default'}
      color={recording ? 'red' : 'gray'}
      leftSection={recording ? <IconPlayerStopFilled size={14} aria-hidden /> : <IconMicrophone size={14} aria-hidden />}
      onClick={() => (recording ? recorder.current?.stop() : void start())}
    >
      {recording ? t('recording', { seconds }) : t('record')}
    </Button>
  )
}
