import { AppError } from '#shared/errors'
import type { CalibrationData } from '../pass'

/** SQNR of an output differs by more than a recovery step brings from one few samples to the next. */
const MOST_HELD_OUT = 256

export interface SplitSamples {
  /** The first samples, at most as many as asked for. */
  readonly learned: CalibrationData
  /** Some behind them, which nothing is learned from. */
  readonly heldOut: CalibrationData
}

/**
 * Samples to learn from, and others to see on whether that helped: a step fits those that it was learned from in any case. What is
 * not learned from is held out, a quarter at least; of less than four samples none can be spared, and they serve for both.
 * Throws AppError `invalid-data` without data.
 */
export function splitSamples(data: CalibrationData | null, limit: number): SplitSamples {
  if (!data) throw new AppError({ code: 'invalid-data', message: 'This pass needs calibration data.', hint: 'Give a folder, an .npz or .npy file, or synthetic data.' })
  const { sampleCount } = data
  const learned = Math.min(limit, sampleCount < 4 ? sampleCount : Math.ceil((sampleCount * 3) / 4))
  const heldOut = Math.min(MOST_HELD_OUT, sampleCount < 4 ? 0 : sampleCount - learned)
  return { learned: partOf(data, 0, learned), heldOut: heldOut === 0 ? data : partOf(data, learned, heldOut) }
}

function partOf(data: CalibrationData, from: number, sampleCount: number): CalibrationData {
  return {
    ...data,
    sampleCount,
    async *samples(options) {
      let at = 0
      for await (const feeds of data.samples(options)) {
        if (at >= from) yield feeds
        if (++at === from + sampleCount) return
      }
    },
  }
}
