import { readSamples } from './bind-array'
import type { Reading } from './data-array'
import type { DataPart } from './find-data'
import type { ModelInput } from './model-inputs'
import type { Feeds, TensorValue } from './model-runner'

/** The samples of one part in order. */
export async function* feedsOf({ bound, samples }: DataPart, inputs: readonly ModelInput[], reading: Reading = {}): AsyncGenerator<Feeds> {
  const readers = bound.map((array) => ({ array, values: readSamples(array, reading), repeated: null as TensorValue | null }))
  try {
    for (let sample = 0; sample < samples; sample++) {
      const feeds = new Map<string, TensorValue>()
      for (const reader of readers) {
        const value = reader.repeated ?? (await nextValue(reader.values))
        // One sample where others have many serves for all: lengths, thresholds, sample rates.
        if (reader.array.samples === 1) reader.repeated = value
        feeds.set(reader.array.input.name, value)
      }
      if (feeds.size !== inputs.length) throw new Error('internal: not every input is bound')
      yield feeds
    }
  } finally {
    for (const { values } of readers) await values.return(undefined)
  }
}

async function nextValue(values: AsyncGenerator<TensorValue>): Promise<TensorValue> {
  const next = await values.next()
  if (next.done === true) throw new Error('internal: fewer samples than announced')
  return next.value
}
