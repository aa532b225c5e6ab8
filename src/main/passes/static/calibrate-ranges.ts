import { AppError } from '#shared/errors'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Edit } from '#shared/onnx/document'
import type { TensorValue } from '../../runtime/model-runner'
import type { PassContext } from '../pass'

export interface ValueRange {
  readonly min: number
  readonly max: number
}

/**
 * The smallest and largest value that each of `names` (float32 values of the main graph, its inputs included) takes over at most
 * `maxSamples` calibration samples. One sample is in memory at a time. Values of another type and those that were NaN or infinite
 * are left out of the result; so are empty ones.
 */
export async function calibrateRanges(edit: Edit, names: readonly string[], { context, maxSamples }: { context: PassContext; maxSamples: number }): Promise<Map<string, ValueRange>> {
  const { calibration } = context
  if (!calibration) throw new AppError({ code: 'invalid-data', message: 'Static quantization needs calibration data.', hint: 'Give a folder, an .npz or .npy file, or synthetic data.' })
  const inputs = new Set(edit.main.inputs.map(({ name }) => name))
  const computed = names.filter((name) => !inputs.has(name))
  const ranges = new Map<string, ValueRange>()
  const unusable = new Set<string>()
  const total = Math.min(calibration.sampleCount, maxSamples)
  let done = 0
  // Unoptimised: otherwise values that onnxruntime fuses away would not be there to look at.
  const running = await context.runner.load(edit.document, { optimization: 'none', extraOutputs: computed })
  try {
    for await (const feeds of calibration.samples()) {
      if (done === total) break
      context.signal.throwIfAborted()
      const values = computed.length === 0 ? new Map<string, TensorValue>() : await running.run(feeds, computed)
      for (const name of names) {
        const value = values.get(name) ?? feeds.get(name)
        if (value) observe(name, value, ranges, unusable)
      }
      done++
      context.progress('calibrating', done / total, `${done} / ${total}`)
    }
  } finally {
    await running.close()
  }
  if (done === 0) throw new AppError({ code: 'invalid-data', message: 'The calibration data has no samples.' })
  for (const name of unusable) ranges.delete(name)
  return ranges
}

function observe(name: string, value: TensorValue, ranges: Map<string, ValueRange>, unusable: Set<string>): void {
  if (value.dataType !== DATA_TYPES.float32.code) {
    unusable.add(name)
    return
  }
  const numbers = float32View(value.bytes)
  if (numbers.length === 0) return
  const known = ranges.get(name)
  let min = known?.min ?? Infinity
  let max = known?.max ?? -Infinity
  let isFinite = true
  for (const number of numbers) {
    if (number < min) min = number
    if (number > max) max = number
    // NaN compares as neither.
    if (number !== number) isFinite = false
  }
  if (!isFinite || min === -Infinity || max === Infinity) unusable.add(name)
  ranges.set(name, { min, max })
}

function float32View(bytes: Uint8Array): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4)
}
