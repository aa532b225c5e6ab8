import type { Edit } from '#shared/onnx/document'
import type { TensorValue } from '../../runtime/model-runner'
import type { CalibrationData, PassContext } from '../pass'

export interface InputVisit {
  readonly calibration: CalibrationData
  readonly context: PassContext
  readonly maxSamples: number
  /** One of several rounds over the samples: how far the pass is cannot be told from it. */
  readonly isOneOfSeveral?: boolean
  /** Sees each sample's values, fed or computed; those the model does not give are undefined. */
  readonly visit: (valueOf: (name: string) => TensorValue | undefined) => void | Promise<void>
}

/** Runs at most `maxSamples` samples and shows the values `names` of the main graph, one sample in memory at a time. Returns how many there were. */
export async function visitInputs(edit: Edit, names: readonly string[], { calibration, context, maxSamples, isOneOfSeveral = false, visit }: InputVisit): Promise<number> {
  const fed = new Set(edit.main.inputs.map(({ name }) => name))
  const computed = names.filter((name) => !fed.has(name))
  const total = Math.min(calibration.sampleCount, maxSamples)
  let done = 0
  // Unoptimised: otherwise values that onnxruntime fuses away would not be there to look at.
  const running = await context.runner.load(edit.document, { optimization: 'none', extraOutputs: computed })
  try {
    for await (const feeds of calibration.samples()) {
      if (done === total) break
      context.signal.throwIfAborted()
      const values = computed.length === 0 ? new Map<string, TensorValue>() : await running.run(feeds, computed)
      await visit((name) => values.get(name) ?? feeds.get(name))
      done++
      context.progress('calibrating', isOneOfSeveral ? null : done / total, `${done} / ${total}`)
    }
  } finally {
    await running.close()
  }
  return done
}
