import type { RequestResult } from '#shared/ipc/contract'
import { ModelDocument } from '#shared/onnx/document'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import { modelMacs } from '#shared/onnx/infer/macs'
import { macTypes, shownMacs } from '#shared/onnx/view/mac-types'
import { parameterCount } from '#shared/onnx/view/parameters'
import { openModelFile } from '../runtime/model-file'
import type { ModelHashes } from '../runtime/model-hashes'

/** What a model file says of itself without being run. Throws as `openModelFile` does. */
export async function modelFigures(path: string, hashes: ModelHashes): Promise<RequestResult<'model.figures'>> {
  const file = openModelFile(path)
  try {
    const document = new ModelDocument(file.model)
    return { sha256: await hashes.hashOf(path), sizeBytes: file.sizeBytes, parameters: parameterCount(document), macs: shownMacs(modelMacs(document, macTypes(document, inferTypes(document)))) }
  } finally {
    file.close()
  }
}
