import { DATA_TYPES, dataTypeName } from '#shared/onnx/data-type'
import { numbersFromBytes } from '#shared/onnx/tensor-data'
import type { Feeds, RunningModel, TensorValue } from '../runtime/model-runner'
import type { CalibrationData } from './pass'

/** Enough to notice a wrong rewrite; the report's output error is taken over all samples. */
const SAMPLES = 2

export interface Drift {
  readonly output: string
  /** ‖a − b‖ / ‖a‖ over all samples; infinite where shapes or types differ, or one is finite where the other is not. */
  readonly relative: number
}

/** The output of `candidate` that is furthest from `reference`'s on the first samples of `data`; null where there is none to compare. */
export async function largestDrift(reference: RunningModel, candidate: RunningModel, data: CalibrationData): Promise<Drift | null> {
  const sums = new Map<string, { difference: number; reference: number }>()
  let done = 0
  for await (const feeds of data.samples()) {
    const [expected, found] = [await reference.run(feeds), await candidate.run(onlyInputs(candidate, feeds))]
    for (const [name, value] of expected) {
      const sum = sums.get(name) ?? { difference: 0, reference: 0 }
      accumulate(value, found.get(name), sum)
      sums.set(name, sum)
    }
    if (++done === SAMPLES) break
  }
  const drifts = [...sums].map(([output, sum]) => ({ output, relative: sum.difference === 0 ? 0 : Math.sqrt(sum.difference / sum.reference) }))
  return drifts.reduce<Drift | null>((largest, drift) => (largest && largest.relative >= drift.relative ? largest : drift), null)
}

/** Inputs that nothing reads may be gone. */
function onlyInputs(model: RunningModel, feeds: Feeds): Feeds {
  return new Map([...feeds].filter(([name]) => model.inputNames.includes(name)))
}

function accumulate(expected: TensorValue, found: TensorValue | undefined, sum: { difference: number; reference: number }): void {
  const type = dataTypeName(expected.dataType)
  if (!found || !type || found.dataType !== expected.dataType || found.dims.join() !== expected.dims.join()) {
    sum.difference = Infinity
    return
  }
  if (expected.dataType === DATA_TYPES.string.code) {
    if (expected.strings?.join('\0') !== found.strings?.join('\0')) sum.difference = Infinity
    return
  }
  const count = expected.dims.reduce((product, dim) => product * dim, 1)
  const a = numbersFromBytes(type, expected.bytes, count)
  const b = numbersFromBytes(type, found.bytes, count)
  for (let at = 0; at < count; at++) {
    const [x, y] = [Number(a[at]), Number(b[at])]
    if (Object.is(x, y) || x === y) {
      if (Number.isFinite(x)) sum.reference += x * x
    } else if (Number.isFinite(x) && Number.isFinite(y)) {
      sum.reference += x * x
      sum.difference += (x - y) * (x - y)
    } else sum.difference = Infinity
  }
}
