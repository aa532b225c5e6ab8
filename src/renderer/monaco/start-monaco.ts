/** Monaco with what we use of it only; importing this file is what makes it heavy, so it is imported lazily. */
import 'monaco-editor/features/bracketMatching/register'
import 'monaco-editor/features/clipboard/register'
import 'monaco-editor/features/codicon/register'
import 'monaco-editor/features/find/register'
import 'monaco-editor/features/folding/register'
import 'monaco-editor/features/format/register'
import 'monaco-editor/features/gotoError/register'
import 'monaco-editor/features/hover/register'
import 'monaco-editor/features/linesOperations/register'
import 'monaco-editor/features/snippet/register'
import 'monaco-editor/features/suggest/register'
import 'monaco-editor/features/wordOperations/register'
import { jsonDefaults } from 'monaco-editor/languages/features/json/register'
import { editor, languages, Uri } from 'monaco-editor/editor'
import EditorWorker from 'monaco-editor/editor/editor.worker?worker'
import JsonWorker from 'monaco-editor/languages/features/json/json.worker?worker'
import { onnxText } from './onnx-text-language'

self.MonacoEnvironment = { getWorker: (_id, label) => (label === 'json' ? new JsonWorker() : new EditorWorker()) }

languages.register({ id: 'onnx' })
languages.setMonarchTokensProvider('onnx', onnxText)

for (const [name, base, surface] of [
  ['edgefit-light', 'vs', '#ffffff'],
  ['edgefit-dark', 'vs-dark', '#191c21'],
] as const) {
  editor.defineTheme(name, { base, inherit: true, rules: [], colors: { 'editor.background': surface, 'editorGutter.background': surface } })
}

export { editor, jsonDefaults, Uri }
