/** Sounds as a model takes them: waveforms, or log-mel spectrograms. */
import { readFile } from 'node:fs/promises'
import FFT from 'fft.js'
import wavefile from 'wavefile'
import { z } from 'zod'
import { AppError } from '#shared/errors'
import type { AudioPreprocessing, MelFeatures } from '#shared/evaluation/preprocessing'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { bytesOf } from '#shared/onnx/tensor-data'
import type { TensorValue } from '../model-runner'

/**
 * One channel of −1…1 at the rate asked for: channels are averaged, other rates resampled. Throws AppError `invalid-data`.
 */
export async function readWav(source: string | Uint8Array, sampleRate: number): Promise<Float32Array> {
  try {
    const wav = new wavefile.WaveFile(typeof source === 'string' ? await readFile(source) : source)
    wav.toBitDepth('32f')
    const { sampleRate: own } = z.object({ sampleRate: z.number().positive() }).parse(wav.fmt)
    if (own !== sampleRate) wav.toSampleRate(sampleRate)
    const samples: unknown = wav.getSamples(false, Float32Array)
    return mixed(Array.isArray(samples) ? (samples as Float32Array[]) : [samples as Float32Array])
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw error
    throw new AppError({ code: 'invalid-data', message: `is no WAV file that can be read: ${error instanceof Error ? error.message : String(error)}` }, { cause: error })
  }
}

function mixed([first = new Float32Array(0), ...others]: readonly Float32Array[]): Float32Array {
  if (others.length === 0) return first
  return first.map((value, at) => others.reduce((sum, channel) => sum + (channel[at] ?? 0), value) / (others.length + 1))
}

/** The input tensor for a sound, float32, in the number of dimensions the model's input has (leading ones are 1). */
export function soundToTensor(samples: Float32Array, card: AudioPreprocessing, rank: number): TensorValue {
  const { values, dims } = card.features === 'waveform' ? waveform(samples, card.length) : spectrogram(samples, card)
  const leading = new Array<number>(Math.max(0, rank - dims.length)).fill(1)
  return { dataType: DATA_TYPES.float32.code, dims: [...leading, ...dims], bytes: bytesOf(values) }
}

function waveform(samples: Float32Array, length: number | null): { values: Float32Array; dims: number[] } {
  const values = new Float32Array(length ?? samples.length)
  values.set(samples.subarray(0, values.length))
  return { values, dims: [values.length] }
}

function spectrogram(samples: Float32Array, { sampleRate, length, mel, layout }: AudioPreprocessing): { values: Float32Array; dims: number[] } {
  const frames = logMel(samples, sampleRate, mel)
  const count = length ?? frames.length
  const silence = Math.log(Math.max(mel.logOffset, 1e-12))
  const values = new Float32Array(count * mel.bands).fill(silence)
  frames.slice(0, count).forEach((frame, at) => {
    for (let band = 0; band < mel.bands; band++) values[layout === 'frames-bands' ? at * mel.bands + band : band * count + at] = frame[band] ?? silence
  })
  return { values, dims: layout === 'frames-bands' ? [count, mel.bands] : [mel.bands, count] }
}

/**
 * Frames of `log(band energy + offset)`: Hann windows of `window` samples every `hop`, without padding, and triangles evenly spaced on the
 * mel scale of HTK, `2595·log10(1 + f/700)`, of height 1 (as TensorFlow's signal library has them).
 */
export function logMel(samples: Float32Array, sampleRate: number, { window, hop, bands, lowHz, highHz, logOffset, power }: MelFeatures): Float64Array[] {
  const size = 2 ** Math.ceil(Math.log2(window))
  const fft = new FFT(size)
  const shape = Float64Array.from({ length: window }, (_, at) => 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / window))
  const filters = melFilters({ bands, bins: size / 2 + 1, sampleRate, lowHz, highHz: highHz ?? sampleRate / 2 })
  const frames: Float64Array[] = []
  const input = new Array<number>(size).fill(0)
  const spectrum = fft.createComplexArray() as number[]
  for (let start = 0; start + window <= samples.length; start += hop) {
    for (let at = 0; at < window; at++) input[at] = (samples[start + at] ?? 0) * (shape[at] ?? 0)
    fft.realTransform(spectrum, input)
    const energies = Float64Array.from({ length: size / 2 + 1 }, (_, bin) => {
      const squared = (spectrum[2 * bin] ?? 0) ** 2 + (spectrum[2 * bin + 1] ?? 0) ** 2
      return power === 'power' ? squared : Math.sqrt(squared)
    })
    frames.push(Float64Array.from(filters, ({ from, weights }) => Math.log(weights.reduce((sum, weight, at) => sum + weight * (energies[from + at] ?? 0), 0) + logOffset)))
  }
  return frames
}

interface Filter {
  readonly from: number
  readonly weights: readonly number[]
}

function melFilters({ bands, bins, sampleRate, lowHz, highHz }: { bands: number; bins: number; sampleRate: number; lowHz: number; highHz: number }): Filter[] {
  const mel = (hz: number) => 2595 * Math.log10(1 + hz / 700)
  const [low, high] = [mel(lowHz), mel(highHz)]
  const edge = (at: number) => low + ((high - low) * at) / (bands + 1)
  return Array.from({ length: bands }, (_, band) => {
    const [left, centre, right] = [edge(band), edge(band + 1), edge(band + 2)]
    let from = -1
    const weights: number[] = []
    for (let bin = 0; bin < bins; bin++) {
      const at = mel((bin * sampleRate) / (2 * (bins - 1)))
      const weight = Math.min((at - left) / (centre - left), (right - at) / (right - centre))
      if (weight <= 0) continue
      if (from < 0) from = bin
      weights.push(weight)
    }
    return { from: Math.max(0, from), weights }
  })
}
