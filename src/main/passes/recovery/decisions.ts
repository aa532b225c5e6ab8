import { AppError } from '#shared/errors'
import type { ModelDocument } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { TensorValue } from '../../runtime/model-runner'
import type { PassContext } from '../pass'
import { float32Numbers } from './observe'

/**
 * What a classifier decides: the index of the largest element in each row (along the last axis of the first output) of at most `limit`
 * samples, with integer kernels that do not saturate.
 *
 * Throws AppError `not-supported` where the first output is not float32, `invalid-data` without data.
 */
export async function decisionsOf(model: Model | ModelDocument, { context, limit }: { context: PassContext; limit: number }): Promise<number[]> {
  const { calibration, runner, signal } = context
  if (!calibration) throw new AppError({ code: 'invalid-data', message: 'Comparing decisions needs calibration data.', hint: 'Give a folder, an .npz or .npy file.' })
  const running = await runner.load(model, { exactIntegers: true })
  try {
    const [output = ''] = running.outputNames
    const found: number[] = []
    let done = 0
    for await (const feeds of calibration.samples({ reuseMemory: true })) {
      if (done++ === limit) break
      signal.throwIfAborted()
      found.push(...largest((await running.run(feeds, [output])).get(output)))
    }
    return found
  } finally {
    await running.close()
  }
}

function largest(value: TensorValue | undefined): number[] {
  if (value?.dataType !== DATA_TYPES.float32.code) throw new AppError({ code: 'not-supported', message: "The model's first output is not float32, so there are no decisions to compare." })
  const numbers = float32Numbers(value)
  const width = value.dims.at(-1) ?? 1
  const rows = width === 0 ? 0 : numbers.length / width
  return Array.from({ length: rows }, (_, row) => {
    let best = row * width
    for (let at = best + 1; at < (row + 1) * width; at++) if ((numbers[at] as number) > (numbers[best] as number)) best = at
    return best - row * width
  })
}
