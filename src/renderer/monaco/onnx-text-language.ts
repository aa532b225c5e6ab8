import type { languages } from 'monaco-editor/editor'

/** Colours for ONNX's text form: types, attributes, strings, numbers, and the names of operators before their arguments. */
export const onnxText: languages.IMonarchLanguage = {
  defaultToken: '',
  tokenizer: {
    root: [
      [/#.*$|\/\/.*$/, 'comment'],
      [/"(?:[^"\\]|\\.)*"/, 'string'],
      [/\b(?:float|double|float16|bfloat16|float8\w+|float4\w+|u?int\d+|bool|string|complex\d+|seq|map|optional|sparse_tensor)\b/, 'type'],
      [/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b/, 'number'],
      [/[A-Za-z_][\w.]*(?=\s*(?:<[^<>]*>)?\s*\()/, 'keyword'],
      [/[A-Za-z_][\w./:-]*(?=\s*:)/, 'attribute.name'],
      [/[{}()[\]<>]/, '@brackets'],
    ],
  },
}
