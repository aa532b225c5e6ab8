import { AppError } from '#shared/errors'
import type { EditCommand } from '#shared/ipc/edit-commands'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { filesNamedIn } from '#shared/onnx/edit/command-files'
import type { EditFiles } from '#shared/onnx/edit/edit-context'
import type { Tensor } from '#shared/onnx/records'
import { openNpyFile } from '../runtime/data-array'
import { type ModelFile, openModelFile } from '../runtime/model-file'

export interface OpenedEditFiles extends EditFiles {
  /** Models opened so far. Tensors of an edited document may be in them, so they stay open as long as it does. */
  readonly opened: readonly ModelFile[]
}

/** Makes the files that commands name readable. Models are opened when asked for, each time anew; arrays are read now. */
export async function openEditFiles(commands: readonly EditCommand[]): Promise<OpenedEditFiles> {
  const arrays = new Map<string, Tensor>()
  for (const path of filesNamedIn(commands).arrays) arrays.set(path, await readArray(path))
  const opened: ModelFile[] = []
  return {
    opened,
    model(path) {
      const file = openModelFile(path)
      opened.push(file)
      return file.model
    },
    array(path) {
      const tensor = arrays.get(path)
      if (!tensor) throw new Error(`internal: '${path}' is not among the files of the commands`)
      return tensor
    },
  }
}

async function readArray(path: string): Promise<Tensor> {
  const array = await openNpyFile(path)
  const count = array.dims.reduce((product, dim) => product * dim, 1)
  for await (const { bytes, strings } of array.read(count, 1)) {
    const { code } = DATA_TYPES[array.dataType]
    const encoder = new TextEncoder()
    const data: Tensor['data'] = strings ? { kind: 'strings', values: strings.map((text) => encoder.encode(text)) } : { kind: 'bytes', bytes }
    return { name: '', dataType: code, dims: array.dims, data }
  }
  throw new AppError({ code: 'invalid-data', message: `'${path}' holds no array.` })
}
