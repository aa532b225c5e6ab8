import { join } from 'node:path'
import { ComparisonResult } from '#shared/measurement'
import type { Bench } from './bench'
import { runCommandLine } from './command-line'

const SAMPLES = ['resnet-wide', 'resnet', 'mobilenet']

/** No bar: whether int8 is faster depends on the processor. Without VNNI instructions it often is not; phones have their like. */
export const staticInt8Latency: Bench = {
  name: 'static-int8-latency',
  title: 'Latency of static int8 against float32, run for run in one process (A B A B …; below 1 int8 is faster)',
  async *run(context) {
    const folder = join(context.repository, 'resources/samples/digits')
    for (const name of SAMPLES) {
      const [source, result] = [join(folder, `${name}.onnx`), join(context.scratch, `${name}-static.onnx`)]
      await runCommandLine(['optimize', source, '--recipe', 'int8-static', '--calibration', join(folder, 'calibration.npz'), '-o', result, '--json'], context)
      const { stdout } = await runCommandLine(['compare', source, result, '--data', join(folder, 'evaluation.npz'), '--json'], context)
      const { a, b, latencyRatio, outputError, conditions } = ComparisonResult.parse(JSON.parse(stdout))
      if (!latencyRatio || !conditions) throw new Error(`${name} did not run`)
      const milliseconds = (side: typeof a) => `${side.latency?.p50Ms.toFixed(2) ?? '?'} ms`
      const error = outputError.map(({ output, sqnrDb }) => `${output} ${sqnrDb?.toFixed(1) ?? '∞'} dB`).join(', ')
      yield {
        name,
        unit: '×',
        value: latencyRatio.p50,
        p10: latencyRatio.p10,
        p90: latencyRatio.p90,
        runs: conditions.runs,
        note: `float32 ${milliseconds(a)}, int8 ${milliseconds(b)} at p50; ${conditions.threads === 0 ? 'threads as onnxruntime chooses' : `${conditions.threads} threads`}; SQNR ${error}`,
      }
    }
  },
}
