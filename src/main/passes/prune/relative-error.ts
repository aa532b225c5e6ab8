/** How far the outputs of a cut model are from those of its source, on the same few samples. */
import { AppError } from '#shared/errors'
import { dataTypeName } from '#shared/onnx/data-type'
import type { ModelDocument } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import { numbersFromBytes } from '#shared/onnx/tensor-data'
import type { RunningModel, TensorValue } from '../../runtime/model-runner'
import type { PassContext } from '../pass'

type Needs = Pick<PassContext, 'calibration' | 'runner' | 'signal'>

/** Outputs of the source, sample by sample: kept, because many cuts are compared with them. */
export interface Reference {
  readonly samples: readonly ReadonlyMap<string, TensorValue>[]
}

/** Throws AppError `invalid-data` without samples, and what running throws. */
export async function runReference(source: Model | ModelDocument, context: Needs, limit: number): Promise<Reference> {
  if (!context.calibration) throw new AppError({ code: 'invalid-data', message: 'Measuring what outputs lose needs calibration data.', hint: 'Give a folder, an .npz or .npy file.' })
  const samples: ReadonlyMap<string, TensorValue>[] = []
  const running = await context.runner.load(source)
  try {
    await runSome(running, context, limit, (values) => void samples.push(values))
  } finally {
    await running.close()
  }
  return { samples }
}

/** ‖difference‖² / ‖reference‖², the mean over the outputs that are floating point. */
export async function outputErrors(document: ModelDocument, { samples }: Reference, context: Needs): Promise<number> {
  const sums = new Map<string, { difference: number; reference: number }>()
  const running = await context.runner.load(document)
  try {
    await runSome(running, context, samples.length, (values, at) => addSample(sums, samples[at], values))
  } finally {
    await running.close()
  }
  const parts = [...sums.values()].map(({ difference, reference }) => (difference === 0 ? 0 : difference / reference))
  return parts.length === 0 ? 0 : parts.reduce((sum, part) => sum + part, 0) / parts.length
}

async function runSome(running: RunningModel, { calibration, signal }: Needs, limit: number, take: (values: ReadonlyMap<string, TensorValue>, at: number) => void): Promise<void> {
  let done = 0
  for await (const feeds of calibration?.samples() ?? []) {
    signal.throwIfAborted()
    take(await running.run(new Map([...feeds].filter(([name]) => running.inputNames.includes(name)))), done)
    if (++done === limit) return
  }
}

function addSample(sums: Map<string, { difference: number; reference: number }>, expected: ReadonlyMap<string, TensorValue> | undefined, found: ReadonlyMap<string, TensorValue>): void {
  for (const [name, value] of expected ?? []) {
    const type = dataTypeName(value.dataType)
    const other = found.get(name)
    if (!type?.startsWith('float') || other?.dims.join() !== value.dims.join()) continue
    const count = value.dims.reduce((product, dim) => product * dim, 1)
    const [a, b] = [numbersFromBytes(type, value.bytes, count), numbersFromBytes(type, other.bytes, count)]
    const sum = sums.get(name) ?? { difference: 0, reference: 0 }
    for (let at = 0; at < count; at++) {
      const [x, y] = [Number(a[at]), Number(b[at])]
      sum.reference += x * x
      sum.difference += (x - y) ** 2
    }
    sums.set(name, sum)
  }
}
