/** Sounds as models take them. */
import { basename } from 'node:path'
import { AppError } from '#shared/errors'
import type { AudioPreprocessing } from '#shared/evaluation/preprocessing'
import { readWav, soundToTensor } from '../../runtime/evaluation/sound'
import type { TensorValue } from '../../runtime/model-runner'

const PEAKS = 160
/** Of a model that takes sounds of any length: more than this is not tried at once. */
const MOST_SECONDS = 30

/** Reads a WAV file as `soundTensor` has it. Throws AppError `invalid-data` where it is no WAV, or empty. */
export async function readSound(path: string, card: AudioPreprocessing, rank: number): Promise<TensorValue> {
  return soundTensor(await readNamed(path, card.sampleRate), card, rank)
}

/**
 * One channel at the card's rate, filled up with silence or cut around its loudest part; `rank` is that of the model's input.
 * Throws AppError `invalid-data` where it is empty.
 */
export function soundTensor(samples: Float32Array, card: AudioPreprocessing, rank: number): TensorValue {
  if (samples.length === 0) throw new AppError({ code: 'invalid-data', message: 'The sound is empty.' })
  const most = MOST_SECONDS * card.sampleRate
  // Of a spectrogram the length counts frames.
  const length = card.features === 'waveform' ? (card.length ?? Math.min(samples.length, most)) : Math.min(samples.length, most)
  return soundToTensor(loudest(samples, length), card, rank)
}

async function readNamed(path: string, sampleRate: number): Promise<Float32Array> {
  try {
    return await readWav(path, sampleRate)
  } catch (error) {
    throw new AppError({ code: 'invalid-data', message: `'${basename(path)}' could not be read as a sound.`, hint: 'Give a WAV file, or record one.' }, { cause: error })
  }
}

/** What is said in a recording is rarely at its start: of all pieces of `length` the one with the most energy. */
export function loudest(samples: Float32Array, length: number): Float32Array {
  const values = new Float32Array(length)
  if (samples.length <= length) {
    values.set(samples, Math.floor((length - samples.length) / 2))
    return values
  }
  let energy = 0
  let best = -1
  let start = 0
  for (let at = 0; at < samples.length; at++) {
    energy += (samples[at] ?? 0) ** 2 - (at >= length ? (samples[at - length] ?? 0) ** 2 : 0)
    if (at >= length - 1 && energy > best) [best, start] = [energy, at - length + 1]
  }
  values.set(samples.subarray(start, start + length))
  return values
}

/** Largest magnitudes of equal parts. */
export function soundPeaks(values: ArrayLike<number>): number[] {
  const part = Math.max(1, Math.floor(values.length / PEAKS))
  return Array.from({ length: Math.min(PEAKS, values.length) }, (_, at) => {
    let peak = 0
    for (let k = at * part; k < (at + 1) * part; k++) peak = Math.max(peak, Math.abs(Number(values[k] ?? 0)))
    return Math.min(1, peak)
  })
}
