import { Button, EmptyState, Loader, SegmentedControl } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { lazy, Suspense, useEffect, useMemo, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { toErrorData, type ErrorData } from '#shared/errors'
import { TextErrorDetails, type TextProblem } from '#shared/ipc/text-problem'
import { getBridge } from '../bridge/bridge'
import { said } from '../i18n/engine-words'
import { change } from '../session/edit-document'
import { showErrorData } from '../session/report-error'
import { documentState, useEditStore } from '../stores/edit-store'
import { selectedNodeIds, useSelectionStore } from '../stores/selection-store'
import { activeGraph, activeGraphId, useSessionStore } from '../stores/session-store'
import styles from './model-text.module.css'

const CodeEditor = lazy(async () => ({ default: (await import('../monaco/code-editor')).CodeEditor }))

/** The graph shown, or the nodes selected in it, in ONNX's text form: edited here, and applied as one change. */
export default function ModelText(): ReactNode {
  const { t } = useTranslation()
  const documentId = useSessionStore((state) => state.activeDocumentId)
  const graphId = useSessionStore(activeGraphId)
  const selection = useSelectionStore((state) => state.selection)
  const [ofSelection, setOfSelection] = useState(false)
  const selected = useMemo(() => selectedNodeIds(selection), [selection])
  const nodes = ofSelection && selected.length > 0 ? selected : null
  const { text, error } = useModelText(documentId, graphId, nodes)
  if (error !== null) return <EmptyState className={styles.message ?? ''} icon={<IconAlertTriangle aria-hidden />} title={t('errors.cannotShowText')} description={[error.message, error.hint ?? ''].map(said).join(' ')} />
  if (text === null || documentId === null || graphId === null) return <Loading />
  const scope = selected.length > 0 && <ScopeChoice count={selected.length} ofSelection={ofSelection} onChange={setOfSelection} />
  return <TextEditor key={`${documentId}/${graphId}/${nodes?.join() ?? ''}`} documentId={documentId} graphId={graphId} nodes={nodes} text={text} scope={scope} />
}

interface ScopeChoiceProps {
  readonly count: number
  readonly ofSelection: boolean
  readonly onChange: (ofSelection: boolean) => void
}

function ScopeChoice({ count, ofSelection, onChange }: ScopeChoiceProps): ReactNode {
  const { t } = useTranslation('edit')
  return (
    <SegmentedControl
      aria-label={t('text.scope')}
      value={ofSelection ? 'selection' : 'graph'}
      onChange={(value) => onChange(value === 'selection')}
      data={[
        { value: 'graph', label: t('text.whole') },
        { value: 'selection', label: t('text.selection', { count }) },
      ]}
    />
  )
}

interface TextEditorProps {
  readonly documentId: string
  readonly graphId: number
  /** Null for the whole graph. */
  readonly nodes: readonly number[] | null
  /** As the model is now. */
  readonly text: string
  /** What chooses between them. */
  readonly scope: ReactNode
}

const NO_PROBLEMS: readonly TextProblem[] = []

function TextEditor({ documentId, graphId, nodes, text, scope }: TextEditorProps): ReactNode {
  const { t } = useTranslation()
  const { t: tEdit } = useTranslation('edit')
  const [draft, setDraft] = useState<string | null>(null)
  const [problems, setProblems] = useState(NO_PROBLEMS)
  const [busy, setBusy] = useState(false)
  const changed = draft !== null && draft !== text
  const apply = async (): Promise<void> => {
    if (draft === null) return
    setBusy(true)
    const error = await change(documentId, () => getBridge().request('document.applyText', { documentId, graphId, text: draft, ...(nodes !== null && { nodes: [...nodes] }) }))
    setBusy(false)
    if (error === null && nodes !== null) keepSelected(nodes)
    if (error === null) {
      setDraft(null)
      setProblems(NO_PROBLEMS)
      return
    }
    const details = TextErrorDetails.safeParse(error.details)
    if (details.success) setProblems(details.data.problems.map((problem) => ({ ...problem, message: said(problem.message) })))
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
        {scope}
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

/** What is left of the nodes after the edit stays selected, together with what it added. */
function keepSelected(before: readonly number[]): void {
  const graph = activeGraph(useSessionStore.getState())
  const { selection, selectNodes } = useSelectionStore.getState()
  const there = new Set(graph?.nodes.map(({ id }) => id))
  selectNodes([...new Set([...before, ...selectedNodeIds(selection)])].filter((id) => there.has(id)))
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

/** The text of a graph, or of some of its nodes; asked for again whenever the document changes. */
function useModelText(documentId: string | null, graphId: number | null, nodes: readonly number[] | null): TextState {
  const { revision, revisions } = useEditStore((state) => documentState(state, documentId))
  const [state, setState] = useState<TextState & { readonly of: string }>({ ...NOT_YET, of: '' })
  const of = `${documentId}/${graphId}/${nodes?.join() ?? ''}`
  useEffect(() => {
    if (documentId === null || graphId === null) return
    let current = true
    getBridge()
      .request('model.text', { documentId, graphId, ...(nodes !== null && { nodes: [...nodes] }) })
      .then(
        ({ text }) => current && setState({ text, error: null, of }),
        (error: unknown) => current && setState({ text: null, error: toErrorData(error), of }),
      )
    return () => {
      current = false
    }
  }, [documentId, graphId, nodes, of, revision, revisions])
  return state.of === of ? state : NOT_YET
}
