/** The card a model most likely wants, from its inputs and the kind of data; people correct it. */
import type { NamedTypeView } from '../ipc/model-view'
import { AudioPreprocessing, ImagePreprocessing, type Preprocessing, TensorPreprocessing, TextPreprocessing } from './preprocessing'

export type DataKind = 'images' | 'sounds' | 'texts' | 'tensors' | 'table'

/** A model's input as inspectors show it: element type, dimensions that are numbers, names or unknown. */
export type InputShape = Pick<NamedTypeView, 'name' | 'shape'> & { readonly dtype: string }

/** Means and deviations that classifiers trained on ImageNet were given (torchvision), for pixel values of 0…1. */
export const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const

const DEFAULT_SIDE = 224

/** Null where the model has no input such data could feed. */
export function guessPreprocessing(kind: DataKind, inputs: readonly InputShape[]): Preprocessing | null {
  switch (kind) {
    case 'images':
      return guessImage(inputs)
    case 'sounds':
      return guessAudio(inputs)
    case 'texts':
      return guessText(inputs)
    case 'tensors':
    case 'table':
      return TensorPreprocessing.parse({ kind: 'tensor' })
  }
}

function guessImage(inputs: readonly InputShape[]): ImagePreprocessing | null {
  const found = inputs.find(({ shape }) => shape?.length === 4) ?? inputs.find(({ shape }) => shape?.length === 3)
  if (!found?.shape) return null
  const [a, b, c] = found.shape.slice(-3)
  const isChannels = (dim: unknown) => dim === 1 || dim === 3
  const layout = !isChannels(a) && isChannels(c) ? 'nhwc' : 'nchw'
  const [channels, height, width] = layout === 'nchw' ? [a, b, c] : [c, a, b]
  const side = (dim: unknown) => (typeof dim === 'number' && dim > 0 ? dim : DEFAULT_SIDE)
  const bytes = found.dtype === 'uint8' || found.dtype === 'int8'
  return ImagePreprocessing.parse({
    kind: 'image',
    input: found.name,
    width: side(width),
    height: side(height),
    channels: channels === 1 ? 'gray' : 'rgb',
    layout,
    scale: bytes ? 1 : 1 / 255,
  })
}

function guessAudio(inputs: readonly InputShape[]): AudioPreprocessing | null {
  const found = inputs.find(({ dtype, shape }) => dtype.startsWith('float') && shape !== null)
  if (!found?.shape) return null
  const dims = found.shape.map((dim) => (typeof dim === 'number' && dim > 0 ? dim : null))
  const [before, last] = [dims.at(-2) ?? null, dims.at(-1) ?? null]
  // Spectrograms have two dimensions of some size behind the batch; waveforms a single long or open one.
  const isBands = (dim: number | null) => dim !== null && dim >= 10 && dim <= 256
  if (dims.length >= 3 && before !== 1 && (isBands(before) || isBands(last))) {
    const bandsLast = isBands(last) && !(isBands(before) && [40, 64, 80, 128].includes(before ?? 0) && ![32, 40, 64, 80, 96, 128].includes(last ?? 0))
    return AudioPreprocessing.parse({
      kind: 'audio',
      input: found.name,
      features: 'log-mel',
      length: bandsLast ? before : last,
      layout: bandsLast ? 'frames-bands' : 'bands-frames',
      mel: { bands: bandsLast ? last : before },
    })
  }
  return AudioPreprocessing.parse({ kind: 'audio', input: found.name, length: last === 1 ? null : last })
}

function guessText(inputs: readonly InputShape[]): TextPreprocessing | null {
  const integers = inputs.filter(({ dtype }) => dtype === 'int64' || dtype === 'int32')
  const named = (pattern: RegExp) => integers.find(({ name }) => pattern.test(name))
  const mask = named(/mask/i)
  const types = named(/(token_?)?types?|segment/i)
  const ids = named(/input_?ids|^ids$|tokens?$/i) ?? integers.find((input) => input !== mask && input !== types)
  if (!ids) return null
  const length = ids.shape?.at(-1)
  const fixed = typeof length === 'number' && length > 0
  return TextPreprocessing.parse({
    kind: 'text',
    input: ids.name,
    mask: mask?.name ?? null,
    types: types?.name ?? null,
    ...(fixed && { maxLength: length, padding: 'max-length' }),
  })
}
