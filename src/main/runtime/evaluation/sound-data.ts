/** Folders of WAV files. */
import { AppError } from '#shared/errors'
import type { AudioPreprocessing } from '#shared/evaluation/preprocessing'
import { modelInputs } from '../model-inputs'
import type { EvaluationData, EvaluationSample, OpenDataOptions } from './evaluation-data'
import { listFingerprint, withFile } from './fingerprint'
import { readLabel } from './label'
import { describeFiles, listSampleFiles, type SampleFile } from './list-files'
import { lookAhead } from './look-ahead'
import { readWav, soundToTensor } from './sound'

const SOUNDS: ReadonlySet<string> = new Set(['.wav'])

/** Throws AppError `invalid-data` where there are no sounds, labels or input for them. */
export async function openSoundData(options: OpenDataOptions & { readonly card: AudioPreprocessing }): Promise<EvaluationData> {
  const { path, card, labels, labelsPath } = options
  const input = modelInputs(options.model).find(({ name }) => name === card.input)
  if (!input) throw new AppError({ code: 'invalid-data', message: `The model has no input '${card.input}' for sounds.`, hint: 'Correct the name of the input in the preprocessing.' })
  const listed = listSampleFiles(path, SOUNDS, { labels, labelsPath })
  const { files, classNames } = listed
  const readOne = async (file: SampleFile): Promise<EvaluationSample> => {
    const { name } = file
    const read = readLabel(file.label, { kind: labels, classNames })
    if ('problem' in read) return { name, problem: read.problem }
    try {
      const samples = await readWav(file.path, card.sampleRate)
      if (samples.length === 0) return { name, problem: 'holds no sound' }
      return { name, feeds: new Map([[input.name, soundToTensor(samples, card, input.shape?.length ?? 2)]]), label: read.label }
    } catch (error) {
      if (error instanceof AppError && error.code === 'invalid-data') return { name, problem: error.message }
      throw error
    }
  }
  return {
    kind: 'sounds',
    description: describeFiles(files.length === 1 ? '1 sound' : `${files.length} sounds`, path, listed),
    sampleCount: files.length,
    classNames,
    fingerprint: () => withFile(listFingerprint(files.map((file) => file.path)), labelsPath),
    async *samples(from, { signal } = {}) {
      for await (const sample of lookAhead(files.slice(from), 2, readOne)) {
        signal?.throwIfAborted()
        yield sample
      }
    },
  }
}
