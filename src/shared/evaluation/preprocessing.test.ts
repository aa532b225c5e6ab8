import { describe, expect, it } from 'vitest'
import { guessPreprocessing } from './guess-preprocessing'
import { describePreprocessing, PREPROCESSING_KEY, preprocessingOf } from './preprocessing'

const input = (name: string, dtype: string, shape: (number | string | null)[]) => ({ name, dtype, shape })

describe('the card is guessed', () => {
  it('from a picture input in either layout', () => {
    expect(guessPreprocessing('images', [input('x', 'float32', ['batch', 3, 48, 64])])).toMatchObject({ kind: 'image', input: 'x', width: 64, height: 48, layout: 'nchw', channels: 'rgb', scale: 1 / 255 })
    expect(guessPreprocessing('images', [input('x', 'uint8', [1, 96, 96, 1])])).toMatchObject({ width: 96, layout: 'nhwc', channels: 'gray', scale: 1 })
  })

  it('from a waveform and from a spectrogram', () => {
    expect(guessPreprocessing('sounds', [input('wav', 'float32', [1, 16000])])).toMatchObject({ features: 'waveform', length: 16000 })
    expect(guessPreprocessing('sounds', [input('mel', 'float32', [1, 1, 96, 64])])).toMatchObject({ features: 'log-mel', length: 96, layout: 'frames-bands', mel: { bands: 64 } })
  })

  it('from token inputs by their names, filled up where the length is fixed', () => {
    const bert = [input('input_ids', 'int64', ['batch', 'sequence']), input('token_type_ids', 'int64', ['batch', 'sequence']), input('attention_mask', 'int64', ['batch', 'sequence'])]
    expect(guessPreprocessing('texts', bert)).toMatchObject({ input: 'input_ids', mask: 'attention_mask', types: 'token_type_ids', padding: 'none' })
    expect(guessPreprocessing('texts', [input('ids', 'int32', [1, 64])])).toMatchObject({ input: 'ids', mask: null, maxLength: 64, padding: 'max-length' })
  })

  it('not where no input fits', () => {
    expect(guessPreprocessing('images', [input('x', 'float32', [1, 10])])).toBeNull()
    expect(guessPreprocessing('texts', [input('x', 'float32', [1, 10])])).toBeNull()
  })
})

it('a model carries its card; what cannot be read counts as none', () => {
  const card = guessPreprocessing('images', [input('x', 'float32', [1, 3, 8, 8])])
  expect(preprocessingOf([{ key: PREPROCESSING_KEY, value: JSON.stringify(card) }])).toEqual(card)
  expect(preprocessingOf([{ key: PREPROCESSING_KEY, value: '{"kind":"image"}' }])).toBeNull()
  expect(preprocessingOf([{ key: PREPROCESSING_KEY, value: 'no json' }])).toBeNull()
  expect(preprocessingOf([])).toBeNull()
})

it('a card is described in words', () => {
  const card = guessPreprocessing('images', [input('x', 'float32', [1, 3, 224, 224])])
  expect(card && describePreprocessing(card)).toBe('images to 224 × 224 (crop), rgb, nchw, x/255')
})
