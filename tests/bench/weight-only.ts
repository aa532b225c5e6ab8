import { statSync } from 'node:fs'
import { join } from 'node:path'
import { ModelDocument } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import type { PassContext } from '../../src/main/passes/pass'
import { quantizeWeights } from '../../src/main/passes/quantize-weights'
import { saveModelFile } from '../../src/main/runtime/model-file'
import type { LocalRunner } from '../../src/main/runtime/model-runner'
import { createOrtRunner } from '../../src/main/runtime/ort-runner'
import { measureOutputError } from '../../src/main/runtime/output-error'
import { buildTransformer, tokenSamples, TWENTY_MILLION } from '../fixtures/transformer'
import type { Bench, BenchContext, Figure } from './bench'

const SIZE_BAR = 0.17
const { vocabulary } = TWENTY_MILLION
const calibration = tokenSamples({ vocabulary, samples: 32, length: 64, seed: 7 })
const evaluation = tokenSamples({ vocabulary, samples: 4, length: 64, seed: 99 })

export const weightOnly: Bench = {
  name: 'weight-only',
  title: 'int4 weights of a generated transformer of 20 million weights: size, time, and output error against rounding to nearest',
  async *run(context) {
    const source = buildTransformer(TWENTY_MILLION)
    const path = join(context.scratch, 'transformer.onnx')
    await saveModelFile(source, path)
    const runner = createOrtRunner({ scratchFolder: context.scratch })
    let rounded = 0
    for (const method of ['rtn', 'k-quant', 'hqq', 'awq', 'gptq']) {
      const { figures, error } = await measure(method, { source, path, runner, context })
      if (method === 'rtn') rounded = error
      yield* figures
      const note = `${(error * 100).toFixed(2)} % of the outputs' size on sequences not seen in calibration`
      yield { name: `${method}: output error against rtn`, unit: '×', value: error / rounded, runs: 1, note, ...((method === 'awq' || method === 'gptq') && { atMost: 1 }) }
    }
  },
}

async function measure(method: string, { source, path, runner, context }: { source: Model; path: string; runner: LocalRunner; context: BenchContext }): Promise<{ figures: Figure[]; error: number }> {
  const document = new ModelDocument({ ...source, graph: { ...source.graph } })
  const passContext: PassContext = { calibration, runner, float: null, signal: new AbortController().signal, progress: () => undefined, report: () => undefined }
  const started = performance.now()
  await document.transact(method, (edit) => quantizeWeights.run(edit, quantizeWeights.options.parse({ method }), passContext))
  const seconds = (performance.now() - started) / 1000
  const result = join(context.scratch, `${method}.onnx`)
  const { sizeBytes } = await saveModelFile(document.model, result)
  const [output] = await measureOutputError({ runner, reference: path, candidate: result, data: evaluation })
  if (!output || output.sqnrDb === null) throw new Error('internal: the outputs could not be compared')
  const size: Figure = { name: `${method}: file size`, unit: '×', value: sizeBytes / statSync(path).size, runs: 1, ...(method !== 'hqq' && { atMost: SIZE_BAR }) }
  return { figures: [size, { name: `${method}: time`, unit: 's', value: seconds, runs: 1 }], error: 10 ** (-output.sqnrDb / 20) }
}
