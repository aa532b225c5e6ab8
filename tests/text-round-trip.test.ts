/** Every model we have, printed in the text form and read back. */
import { relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { applyText } from '#shared/onnx/text/apply-text'
import { parseModelText } from '#shared/onnx/text/parse-text'
import { printModel } from '#shared/onnx/text/print'
import { openModelFile } from '../src/main/runtime/model-file'
import { modelFiles, ownModelsFolder, sharedModelsFolder } from './fixtures/shared-models'

const NO_MODELS = /lfs_pointer\.onnx$|\.ort$/

describe.each([
  ['own models', ownModelsFolder],
  ['third-party models', sharedModelsFolder],
])('%s', (_, root) => {
  const paths = modelFiles(root).filter((path) => !NO_MODELS.test(path))
  test.skipIf(paths.length === 0)('are found (skipped where they are absent)', () => {
    expect(paths.length).toBeGreaterThan(0)
  })

  test.each(paths.map((path) => [relative(root, path), path]))('%s reads back as it was printed, and applied to itself it changes nothing', async (_, path) => {
    const file = openModelFile(path)
    try {
      const text = printModel(file.model)
      expect(withoutComments(printModel(parseModelText(text).value))).toBe(withoutComments(text))
      const document = new ModelDocument(file.model)
      const { changes } = await document.transact('text', (edit) => applyText(edit, edit.main, text))
      expect(changes).toEqual([])
    } finally {
      file.close()
    }
  })
})

/** Comments tell what the form has no place for. */
function withoutComments(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .map((line) => line.replace(/ # .*$/, ''))
    .join('\n')
}
