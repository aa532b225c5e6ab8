/** Calibration samples run one by one. */
import { AppError } from '#shared/errors'
import type { Feeds, RunningModel, TensorValue } from '../../runtime/model-runner'
import { collectGarbage } from '../../runtime/process-memory'
import type { CalibrationData, PassContext } from '../pass'
import { joinSamples } from './join-samples'

/** So much is run until what it left is freed: samples of formats that are not read in place, onnxruntime's outputs. */
const COLLECTED_BYTES = 8 * 1024 * 1024

/** What onnxruntime keeps for an output at least, however small; it lies until V8 looks. */
const TENSOR_BYTES = 1024

export interface ActivationSource {
  readonly context: Pick<PassContext, 'calibration' | 'runner' | 'signal' | 'progress'>
  readonly maxSamples: number
  /** Part of the pass's progress that this is, 0…1. */
  readonly share: { readonly from: number; readonly to: number }
  /** Values to the bit as ONNX Runtime's quantizer sees them on one thread, see `observationOptions`. */
  readonly exact: boolean
}

type Values = ReadonlyMap<string, TensorValue>

export interface SampleRuns extends ActivationSource {
  /** Null where the feeds alone are looked at. */
  readonly running: RunningModel | null
  readonly outputs: readonly string[]
  /** So many samples are run, and shown, at once. */
  readonly atOnce?: number
  readonly show: (values: Values, feeds: Feeds) => void
}

/** Shows at most `maxSamples` samples in their order. Throws AppError `invalid-data` without data or samples. */
export async function runSamples({ context, maxSamples, share, running, outputs, atOnce = 1, show }: SampleRuns): Promise<void> {
  const data = calibrationData(context)
  const total = Math.min(data.sampleCount, maxSamples)
  const garbage = new GarbageCount()
  let done = 0
  for await (const { feeds, count } of joinSamples(firstSamples(data, { total, garbage }), atOnce)) {
    context.signal.throwIfAborted()
    const values: Values = running ? await running.run(readBy(running, feeds), outputs) : new Map()
    show(values, feeds)
    garbage.addOutputs(values)
    done += count
    context.progress('calibrating', share.from + ((share.to - share.from) * done) / total, `${done} / ${total}`)
  }
  if (done === 0) throw new AppError({ code: 'invalid-data', message: 'The calibration data has no samples.' })
}

async function* firstSamples(data: CalibrationData, { total, garbage }: { total: number; garbage: GarbageCount }): AsyncGenerator<Feeds> {
  let given = 0
  for await (const feeds of data.samples({ reuseMemory: true })) {
    yield feeds
    garbage.addSample(feeds)
    if (++given === total) return
  }
}

/** Frees memory from time to time: V8 hardly counts the buffers that samples and outputs are in. */
class GarbageCount {
  readonly #known = new WeakSet<ArrayBufferLike>()
  #bytes = 0

  addSample(feeds: Feeds): void {
    for (const { bytes } of feeds.values()) {
      // Samples that are read into the same memory, of which there may be a few, leave nothing.
      if (this.#known.has(bytes.buffer)) continue
      this.#known.add(bytes.buffer)
      this.#add(bytes.length)
    }
  }

  addOutputs(values: Values): void {
    for (const { bytes } of values.values()) this.#add(Math.max(bytes.length, TENSOR_BYTES))
  }

  #add(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes <= COLLECTED_BYTES) return
    collectGarbage()
    this.#bytes = 0
  }
}

function calibrationData({ calibration }: ActivationSource['context']): CalibrationData {
  if (calibration) return calibration
  throw new AppError({ code: 'invalid-data', message: 'Static quantization needs calibration data.', hint: 'Give a folder, an .npz or .npy file, or synthetic data.' })
}

/** Inputs that no observed value comes from are not there any more. */
function readBy(running: RunningModel, feeds: Feeds): Feeds {
  return new Map([...feeds].filter(([name]) => running.inputNames.includes(name)))
}
