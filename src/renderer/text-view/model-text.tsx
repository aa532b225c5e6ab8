import { EmptyState, Loader } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { toErrorData, type ErrorData } from '#shared/errors'
import { getBridge } from '../bridge/bridge'
import { activeGraphId, useSessionStore } from '../stores/session-store'
import styles from './model-text.module.css'

const CodeEditor = lazy(async () => ({ default: (await import('../monaco/code-editor')).CodeEditor }))

/** The graph shown, in ONNX's text form, to be read. */
export default function ModelText(): ReactNode {
  const { t } = useTranslation()
  const documentId = useSessionStore((state) => state.activeDocumentId)
  const graphId = useSessionStore(activeGraphId)
  const { text, error } = useModelText(documentId, graphId)
  if (error !== null) return <EmptyState className={styles.message ?? ''} icon={<IconAlertTriangle aria-hidden />} title={t('errors.cannotShowText')} description={[error.message, error.hint].filter(Boolean).join(' ')} />
  const loading = <Loader className={styles.message ?? ''} size="sm" m="lg" aria-label={t('view.loading')} />
  if (text === null) return loading
  return (
    <Suspense fallback={loading}>
      <CodeEditor className={styles.editor ?? ''} language="onnx" path="model.onnxtxt" text={text} label={t('view.textLabel')} />
    </Suspense>
  )
}

interface TextState {
  readonly text: string | null
  readonly error: ErrorData | null
}

function useModelText(documentId: string | null, graphId: number | null): TextState {
  const [state, setState] = useState<TextState>({ text: null, error: null })
  useEffect(() => {
    if (documentId === null || graphId === null) return
    let current = true
    getBridge()
      .request('model.text', { documentId, graphId })
      .then(
        ({ text }) => current && setState({ text, error: null }),
        (error: unknown) => current && setState({ text: null, error: toErrorData(error) }),
      )
    return () => {
      current = false
    }
  }, [documentId, graphId])
  return state
}
