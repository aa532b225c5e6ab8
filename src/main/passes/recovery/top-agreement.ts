import { AppError } from '#shared/errors'
import type { ModelDocument } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { TensorValue } from '../../runtime/model-runner'
import type { PassContext } from '../pass'
import { float32Numbers } from './observe'

/**
 * The share of rows (along the last axis of the first output, over at most `limit` samples) whose largest element is the same in both
 * models: top-1 accuracy with the float model for a teacher, where there are no labels. 1 where there are no rows.
 *
 * Throws AppError `not-supported` where the first output is not float32, `invalid-data` without data.
 */
export async function topAgreement(candidate: ModelDocument, { float, context, limit }: { float: Model; context: PassContext; limit: number }): Promise<number> {
  const { calibration, runner, signal } = context
  if (!calibration) throw new AppError({ code: 'invalid-data', message: 'Comparing decisions needs calibration data.', hint: 'Give a folder, an .npz or .npy file.' })
  const a = await runner.load(float, { exactIntegers: true })
  try {
    const b = await runner.load(candidate, { exactIntegers: true })
    try {
      const [output = ''] = a.outputNames
      let [same, total, done] = [0, 0, 0]
      for await (const feeds of calibration.samples()) {
        if (done++ === limit) break
        signal.throwIfAborted()
        const [expected, found] = [decisions((await a.run(feeds, [output])).get(output)), decisions((await b.run(feeds, [output])).get(output))]
        total += expected.length
        same += expected.filter((choice, row) => choice === found[row]).length
      }
      return total === 0 ? 1 : same / total
    } finally {
      await b.close()
    }
  } finally {
    await a.close()
  }
}

/** The index of the largest element in each row. */
function decisions(value: TensorValue | undefined): number[] {
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
