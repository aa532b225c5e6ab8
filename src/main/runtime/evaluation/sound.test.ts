import wavefile from 'wavefile'
import { describe, expect, it } from 'vitest'
import { AudioPreprocessing } from '#shared/evaluation/preprocessing'
import { numbersFromBytes } from '#shared/onnx/tensor-data'
import { logMel, readWav, soundToTensor } from './sound'

const mel = (hz: number) => 2595 * Math.log10(1 + hz / 700)
const tone = (hz: number, count: number, rate = 16_000) => Float32Array.from({ length: count }, (_, at) => Math.cos((2 * Math.PI * hz * at) / rate))

function wav(channels: readonly Float32Array[], rate: number, depth: string): Uint8Array {
  const file = new wavefile.WaveFile()
  file.fromScratch(channels.length, rate, '32f', channels.length === 1 ? (channels[0] ?? []) : [...channels])
  if (depth !== '32f') file.toBitDepth(depth)
  return file.toBuffer()
}

describe('a log-mel spectrogram', () => {
  const features = { window: 512, hop: 256, bands: 1, lowHz: 0, highHz: null, logOffset: 0, power: 'power' } as const

  it('of a tone in the middle of a bin is what the Hann window makes of it, weighed by the triangle', () => {
    const frames = logMel(tone(2000, 1024), 16_000, features)
    expect(frames).toHaveLength(3)
    // A quarter of the window in the tone's own bin, an eighth in its neighbours (31.25 Hz apart); the triangle falls from half the scale to its end.
    const weight = (hz: number) => (mel(8000) - mel(hz)) / (mel(8000) / 2)
    const energy = 128 ** 2 * weight(2000) + 64 ** 2 * (weight(2000 - 31.25) + weight(2000 + 31.25))
    for (const [value] of frames) expect(value).toBeCloseTo(Math.log(energy), 4)
  })

  it('is loudest in the band of the tone, and its offset where it is silent', () => {
    const bands = 20
    const [frame] = logMel(tone(1000, 512), 16_000, { ...features, bands, logOffset: 1e-6 })
    const loudest = frame?.indexOf(Math.max(...frame)) ?? -1
    expect(loudest).toBe(Math.round((mel(1000) / mel(8000)) * (bands + 1)) - 1)
    expect(logMel(new Float32Array(512), 16_000, { ...features, bands, logOffset: 1e-6 })[0]?.[0]).toBeCloseTo(Math.log(1e-6), 6)
  })

  it('is cut or filled up with silence to the length the model takes, in either layout', () => {
    const card = (layout: 'frames-bands' | 'bands-frames') => AudioPreprocessing.parse({ kind: 'audio', input: 'x', features: 'log-mel', length: 4, layout, mel: { ...features, bands: 2, logOffset: 1e-3 } })
    const values = (layout: 'frames-bands' | 'bands-frames') => {
      const { dims, bytes } = soundToTensor(tone(500, 768), card(layout), 3)
      return { dims, values: [...(numbersFromBytes('float32', bytes, 8) as Float32Array)] }
    }
    const [rows, columns] = [values('frames-bands'), values('bands-frames')]
    expect([rows.dims, columns.dims]).toEqual([[1, 4, 2], [1, 2, 4]])
    expect(rows.values.slice(4)).toEqual(new Array(4).fill(Math.fround(Math.log(1e-3))))
    expect(columns.values).toEqual([0, 2, 4, 6, 1, 3, 5, 7].map((at) => rows.values[at]))
  })
})

describe('a WAV file', () => {
  it.each(['16', '24', '32f', '8'])('of depth %s is read as −1…1', async (depth) => {
    const samples = await readWav(wav([tone(100, 400)], 16_000, depth), 16_000)
    expect(samples).toHaveLength(400)
    expect(samples[0]).toBeCloseTo(1, depth === '8' ? 1 : 3)
    expect(samples[80]).toBeCloseTo(-1, depth === '8' ? 1 : 3)
  })

  it('of two channels is their mean, of another rate is brought to the one wanted', async () => {
    const both = await readWav(wav([new Float32Array(100).fill(0.5), new Float32Array(100).fill(-0.25)], 16_000, '32f'), 16_000)
    expect(both[50]).toBeCloseTo(0.125, 5)
    const halved = await readWav(wav([tone(200, 3200, 32_000)], 32_000, '32f'), 16_000)
    expect(halved).toHaveLength(1600)
    // 200 Hz is again at its top after 80 of the 16 000 samples of a second.
    expect(halved[800]).toBeCloseTo(1, 1)
    expect(halved[840]).toBeCloseTo(-1, 1)
  })

  it('that is none is refused', async () => {
    await expect(readWav(new Uint8Array(20), 16_000)).rejects.toMatchObject({ code: 'invalid-data' })
  })
})
