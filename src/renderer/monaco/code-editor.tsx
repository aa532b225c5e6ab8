import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useRef, type ReactNode } from 'react'
import { editor, jsonDefaults, MarkerSeverity, Uri } from './start-monaco'

interface CodeEditorProps {
  readonly text: string
  readonly language: 'json' | 'onnx'
  /** Names the text inside the editor, which keeps schemas by it. */
  readonly path: string
  readonly label: string
  readonly className: string
  /** JSON schema for completion and marks. */
  readonly schema?: Readonly<Record<string, unknown>>
  /** Absent: the text can only be read. */
  readonly onChange?: (text: string) => void
  /** Marked in the text; the first one is shown when they change. */
  readonly problems?: readonly CodeProblem[]
}

/** Lines and columns count from 1; without an end, the word at the beginning is marked. */
export interface CodeProblem {
  readonly line: number
  readonly column: number
  readonly endColumn?: number | undefined
  readonly message: string
}

/** A Monaco editor; text given from outside replaces what it shows when it differs. */
export function CodeEditor({ text, language, path, label, className, schema, onChange, problems }: CodeEditorProps): ReactNode {
  const element = useRef<HTMLDivElement>(null)
  const instance = useRef<editor.IStandaloneCodeEditor | null>(null)
  const changed = useRef(onChange)
  /** Texts told outside that have not come back as `text` yet, oldest first. */
  const told = useRef<string[]>([])
  const scheme = useComputedColorScheme()
  const readOnly = onChange === undefined
  useEffect(() => {
    changed.current = onChange
  }, [onChange])

  useEffect(() => {
    if (element.current === null) return
    const uri = Uri.parse(`inmemory://edgefit/${path}`)
    if (schema !== undefined) jsonDefaults.setDiagnosticsOptions({ validate: true, schemas: [{ uri: `${uri.toString()}.schema`, fileMatch: [uri.toString()], schema }] })
    told.current = []
    const model = editor.createModel('', language, uri)
    const created = editor.create(element.current, {
      model,
      readOnly,
      ariaLabel: label,
      automaticLayout: true,
      fontSize: 12,
      lineHeight: 18,
      minimap: { enabled: false },
      scrollBeyondLastLine: false,
      stickyScroll: { enabled: false },
      renderLineHighlight: readOnly ? 'none' : 'line',
      wordBasedSuggestions: 'off',
      // A recipe stands in a narrow panel too.
      wordWrap: language === 'json' ? 'on' : 'off',
      quickSuggestions: { strings: true, other: true, comments: false },
      tabSize: 2,
      padding: { top: 8, bottom: 8 },
      fixedOverflowWidgets: true,
    })
    const listener = model.onDidChangeContent((event) => {
      if (event.isFlush || changed.current === undefined) return
      const value = model.getValue()
      told.current.push(value)
      changed.current(value)
    })
    instance.current = created
    return () => {
      listener.dispose()
      created.dispose()
      model.dispose()
      instance.current = null
    }
  }, [language, label, path, readOnly, schema])

  useEffect(() => {
    editor.setTheme(scheme === 'dark' ? 'edgefit-dark' : 'edgefit-light')
  }, [scheme])

  useEffect(() => {
    // Our own words coming back: whoever types may be further by now, and setting the text would take that away.
    const echo = told.current.indexOf(text)
    told.current.splice(0, echo < 0 ? told.current.length : echo + 1)
    const model = instance.current?.getModel()
    // setValue is a flush, which the listener above leaves alone.
    if (echo < 0 && model && model.getValue() !== text) model.setValue(text)
  }, [text, language, label, path, readOnly, schema])

  useEffect(() => {
    const model = instance.current?.getModel()
    if (!model) return
    const markers = (problems ?? []).map(({ line, column, endColumn, message }) => ({
      severity: MarkerSeverity.Error,
      message,
      startLineNumber: line,
      startColumn: column,
      endLineNumber: line,
      endColumn: endColumn ?? model.getWordAtPosition({ lineNumber: Math.min(line, model.getLineCount()), column })?.endColumn ?? column + 1,
    }))
    editor.setModelMarkers(model, 'edgefit', markers)
    const [first] = problems ?? []
    if (first === undefined) return
    instance.current?.setPosition({ lineNumber: first.line, column: first.column })
    instance.current?.revealLineInCenterIfOutsideViewport(first.line)
  }, [problems, language, label, path, readOnly, schema])

  return <div ref={element} className={className} />
}
