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

/** Every colour reaches 4.5:1 on its surface, which not all of Monaco's own do. */
const LIGHT = { comment: '5a6371', string: '99341f', number: '0f6b4f', type: '0b6673', keyword: '1f4fbf', 'attribute.name': '6a3fa0', 'string.key.json': '6a3fa0', 'string.value.json': '99341f' }
const DARK = { comment: '9aa3b2', string: 'e0a58f', number: '9fd3b4', type: '7cc7d6', keyword: '8facf5', 'attribute.name': 'c3a6ff', 'string.key.json': 'c3a6ff', 'string.value.json': 'e0a58f' }

for (const [name, base, surface, inks] of [
  ['edgefit-light', 'vs', '#ffffff', LIGHT],
  ['edgefit-dark', 'vs-dark', '#191c21', DARK],
] as const) {
  const rules = Object.entries(inks).map(([token, foreground]) => ({ token, foreground }))
  editor.defineTheme(name, { base, inherit: true, rules, colors: { 'editor.background': surface, 'editorGutter.background': surface } })
}

export { editor, jsonDefaults, MarkerSeverity, Uri }
