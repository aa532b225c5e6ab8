/** Top-1 accuracy of image classifiers on samples with labels. */
import { AppError } from '#shared/errors'
import { numbersFromBytes } from '#shared/onnx/tensor-data'
import { dataTypeName } from '#shared/onnx/data-type'
import { openCalibrationData } from './calibration-data'
import { openNpzArrays } from './data-array'
import { openModelFile } from './model-file'
import type { ModelRunner } from './model-runner'

export interface Accuracy {
  readonly correct: number
  readonly total: number
}

/**
 * Counts the samples of an `.npz` whose largest value in the model's first output is at the index in its array `label` (uint8, one for
 * each sample), with integer kernels as phones have them unless `exactIntegers` is false.
 *
 * Throws AppError `invalid-data` where labels are missing or do not match, and what reading and running throw.
 */
export async function classificationAccuracy({ modelPath, dataPath, runner, exactIntegers = true }: { modelPath: string; dataPath: string; runner: ModelRunner; exactIntegers?: boolean }): Promise<Accuracy> {
  const labels = await labelsOf(dataPath)
  const file = openModelFile(modelPath)
  const running = await runner.loadFile(modelPath, { exactIntegers })
  const [output = ''] = running.outputNames
  let [correct, total] = [0, 0]
  try {
    const data = await openCalibrationData({ kind: 'path', path: dataPath }, file.model)
    if (data.sampleCount !== labels.length) throw new AppError({ code: 'invalid-data', message: `There are ${data.sampleCount} samples but ${labels.length} labels in '${dataPath}'.` })
    for await (const feeds of data.samples()) {
      const value = (await running.run(feeds, [output])).get(output)
      const type = value && dataTypeName(value.dataType)
      if (!value || !type) throw new AppError({ code: 'not-supported', message: `Output '${output}' holds no numbers.` })
      const scores = Array.from(numbersFromBytes(type, value.bytes, value.dims.reduce((product, dim) => product * dim, 1)), Number)
      if (scores.indexOf(Math.max(...scores)) === labels[total++]) correct++
    }
    return { correct, total }
  } finally {
    await running.close()
    file.close()
  }
}

async function labelsOf(path: string): Promise<Uint8Array> {
  const array = (await openNpzArrays(path)).find(({ name }) => name === 'label')
  if (!array) throw new AppError({ code: 'invalid-data', message: `'${path}' has no array 'label'.` })
  const [count = 0] = array.dims
  for await (const { bytes } of array.read(count, 1)) return Uint8Array.from(bytes)
  return new Uint8Array()
}
