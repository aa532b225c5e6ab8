/** Monaco with all of the editor but one language; importing this file is what makes it heavy, so it is imported lazily. */
import 'monaco-editor/features/register.all'
// Not among the features: they have only the inline form of suggestions.
import 'monaco-editor/editor/contrib/suggest/browser/suggestController'
import { jsonDefaults } from 'monaco-editor/languages/features/json/register'
import { editor, languages, MarkerSeverity, Uri } from 'monaco-editor/editor'
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

export { editor, jsonDefaults, MarkerSeverity, Uri }
