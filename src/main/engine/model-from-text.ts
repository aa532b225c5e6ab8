import { resolve } from 'node:path'
import { ModelDocument } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import { applyText, completeModel } from '#shared/onnx/text/apply-text'
import { parseModelText } from '#shared/onnx/text/parse-text'
import { openModelFile, type SavedModel, saveModelFile } from '../runtime/model-file'

export interface ModelText {
  readonly text: string
  /** The model that the text was printed from and that has the values it leaves out; null where it leaves none out. */
  readonly basePath: string | null
  readonly path: string
}

/** Writes the model that a text describes to `path`. Throws AppError `invalid-data` with the places of what is wrong in the text. */
export async function saveModelFromText({ text, basePath, path }: ModelText): Promise<SavedModel> {
  if (basePath === null) return saveModelFile(completeModel(parseModelText(text)), resolve(path))
  const base = openModelFile(basePath)
  try {
    return await saveModelFile(await edited(base.model, text), resolve(path))
  } finally {
    base.close()
  }
}

async function edited(base: Model, text: string): Promise<Model> {
  const document = new ModelDocument(base)
  await document.transact('from text', (edit) => applyText(edit, edit.main, text))
  return document.model
}
