import { Button, EmptyState, Loader } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { toErrorData, type ErrorData } from '#shared/errors'
import { TextErrorDetails, type TextProblem } from '#shared/ipc/text-problem'
import { getBridge } from '../bridge/bridge'
import { change } from '../session/edit-document'
import { showErrorData } from '../session/report-error'
import { documentState, useEditStore } from '../stores/edit-store'
import { activeGraphId, useSessionStore } from '../stores/session-store'
import styles from './model-text.module.css'

const CodeEditor = lazy(async () => ({ default: (await import('../monaco/code-editor')).CodeEditor }))

/** The graph shown, in ONNX's text form: edited here, and applied as one change. */
export default function ModelText(): ReactNode {
  const { t } = useTranslation()
  const documentId = useSessionStore((state) => state.activeDocumentId)
  const graphId = useSessionStore(activeGraphId)
  const { text, error } = useModelText(documentId, graphId)
  if (error !== null) return <EmptyState className={styles.message ?? ''} icon={<IconAlertTriangle aria-hidden />} title={t('errors.cannotShowText')} description={[error.message, error.hint].filter(Boolean).join(' ')} />
  if (text === null || documentId === null || graphId === null) return <Loading />
  return <TextEditor key={`${documentId}/${graphId}`} documentId={documentId} graphId={graphId} text={text} />
}

interface TextEditorProps {
  readonly documentId: string
  readonly graphId: number
  /** As the model is now. */
  readonly text: string
}

const NO_PROBLEMS: readonly TextProblem[] = []

function TextEditor({ documentId, graphId, text }: TextEditorProps): ReactNode {
  const { t } = useTranslation()
  const { t: tEdit } = useTranslation('edit')
  const [draft, setDraft] = useState<string | null>(null)
  const [problems, setProblems] = useState(NO_PROBLEMS)
  const [busy, setBusy] = useState(false)
  const changed = draft !== null && draft !== text
  const apply = async (): Promise<void> => {
    if (draft === null) return
    setBusy(true)
    const error = await change(documentId, () => getBridge().request('document.applyText', { documentId, graphId, text: draft }))
    setBusy(false)
    if (error === null) {
      setDraft(null)
      setProblems(NO_PROBLEMS)
      return
    }
    const details = TextErrorDetails.safeParse(error.details)
    if (details.success) setProblems(details.data.problems)
    else showErrorData(error)
  }
  const revert = (): void => {
    setDraft(null)
    setProblems(NO_PROBLEMS)
  }
  const [first] = problems
  return (
    <div className={styles.view}>
      <div className={styles.bar} role="toolbar" aria-label={tEdit('text.label')}>
        <span role="status" className={first === undefined ? 'dim ellipsis' : 'bad ellipsis'} title={first?.message}>
          {first !== undefined ? `${tEdit('text.problems', { count: problems.length, line: first.line })} · ${first.message}` : changed ? tEdit('text.changed') : tEdit('text.unchanged')}
        </span>
        <Button variant="default" size="compact-xs" disabled={!changed} onClick={revert}>
          {tEdit('text.revert')}
        </Button>
        <Button size="compact-xs" disabled={!changed} loading={busy} onClick={() => void apply()}>
          {tEdit('text.apply')}
        </Button>
      </div>
      <Suspense fallback={<Loading />}>
        <CodeEditor className={styles.editor ?? ''} language="onnx" path="model.onnxtxt" text={draft ?? text} label={t('view.textLabel')} onChange={setDraft} problems={problems} />
      </Suspense>
    </div>
  )
}

function Loading(): ReactNode {
  const { t } = useTranslation()
  return <Loader className={styles.message ?? ''} size="sm" m="lg" aria-label={t('view.loading')} />
}

interface TextState {
  readonly text: string | null
  readonly error: ErrorData | null
}

const NOT_YET: TextState = { text: null, error: null }

/** The text of a graph; asked for again whenever the document changes. */
function useModelText(documentId: string | null, graphId: number | null): TextState {
  const { revision, revisions } = useEditStore((state) => documentState(state, documentId))
  const [state, setState] = useState<TextState & { readonly of: string }>({ ...NOT_YET, of: '' })
  const of = `${documentId}/${graphId}`
  useEffect(() => {
    if (documentId === null || graphId === null) return
    let current = true
    getBridge()
      .request('model.text', { documentId, graphId })
      .then(
        ({ text }) => current && setState({ text, error: null, of }),
        (error: unknown) => current && setState({ text: null, error: toErrorData(error), of }),
      )
    return () => {
      current = false
    }
  }, [documentId, graphId, of, revision, revisions])
  return state.of === of ? state : NOT_YET
}
