import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Edit } from '#shared/onnx/document'
import type { TensorValue } from '../../runtime/model-runner'
import type { PassContext } from '../pass'
import { visitInputs } from './visit-inputs'

/**
 * The largest magnitude of each of `names` (values of the main graph) over at most `maxSamples` calibration samples, infinite where
 * one was not finite. Values that are not float32 are left out. Empty without data.
 */
export async function observeMagnitudes(edit: Edit, names: readonly string[], { context, maxSamples }: { context: PassContext; maxSamples: number }): Promise<Map<string, number>> {
  const { calibration } = context
  const found = new Map<string, number>()
  if (!calibration) return found
  await visitInputs(edit, names, {
    calibration,
    context,
    maxSamples,
    visit(valueOf) {
      for (const name of names) {
        const value = valueOf(name)
        if (value?.dataType === DATA_TYPES.float32.code) found.set(name, Math.max(found.get(name) ?? 0, magnitude(value)))
      }
    },
  })
  return found
}

function magnitude({ bytes }: TensorValue): number {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  let largest = 0
  for (const value of new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4)) {
    const size = Math.abs(value)
    if (size > largest) largest = size
    else if (size !== size) return Infinity
  }
  return largest
}
