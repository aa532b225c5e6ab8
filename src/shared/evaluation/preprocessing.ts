/**
 * The preprocessing card: what is done to a picture, a sound, a text or a table row before a model sees it. The same card is kept with
 * the project, written into models (`PREPROCESSING_KEY`) and read on the phone, so that all of them do the same.
 */
import { z } from 'zod'

/** Key of `metadata_props` under which a model carries its card, as JSON. */
export const PREPROCESSING_KEY = 'edgefit.preprocessing'

const input = z.string().min(1).describe('Name of the input of the model.')
const perChannel = z.array(z.number()).min(1).max(4)

/** A pixel value of 0…255 becomes `(value · scale − mean) / std`. */
export const ImagePreprocessing = z.object({
  kind: z.literal('image'),
  input,
  width: z.number().int().min(1).max(16_384),
  height: z.number().int().min(1).max(16_384),
  resize: z
    .enum(['crop', 'fit', 'stretch'])
    .default('crop')
    .describe('crop: the shorter side is brought to size and the middle cut out; fit: the whole picture with a border; stretch: both sides to size.'),
  /** Share of the shorter side that the middle piece takes, as 224 of 256. */
  cropShare: z.number().min(0.1).max(1).default(1),
  /** Colour of the border of `fit`, 0…255. */
  border: z.number().int().min(0).max(255).default(0),
  channels: z.enum(['rgb', 'bgr', 'gray']).default('rgb'),
  layout: z.enum(['nchw', 'nhwc']).default('nchw'),
  scale: z.number().positive().default(1 / 255),
  mean: perChannel.default([0]).describe('One for all channels, or one for each.'),
  std: perChannel.default([1]),
})
export type ImagePreprocessing = z.infer<typeof ImagePreprocessing>

export const MelFeatures = z.object({
  /** Samples of one frame, zero-padded to the next power of two. */
  window: z.number().int().min(16).max(16_384).default(400),
  hop: z.number().int().min(1).max(16_384).default(160),
  bands: z.number().int().min(1).max(512).default(64),
  lowHz: z.number().min(0).default(0),
  /** Half the sample rate where null. */
  highHz: z.number().positive().nullable().default(null),
  /** `log(energy + offset)`. */
  logOffset: z.number().min(0).default(1e-6),
  /** Whether a spectrum's magnitude or its square is taken. */
  power: z.enum(['magnitude', 'power']).default('power'),
})
export type MelFeatures = z.infer<typeof MelFeatures>

export const AudioPreprocessing = z.object({
  kind: z.literal('audio'),
  input,
  sampleRate: z.number().int().min(1000).max(192_000).default(16_000),
  /** Samples (waveform) or frames (mel) that the model takes; shorter sounds are filled with silence, longer ones cut. Null: as they are. */
  length: z.number().int().positive().nullable().default(null),
  features: z.enum(['waveform', 'log-mel']).default('waveform'),
  mel: MelFeatures.prefault({}),
  /** Order of a log-mel spectrogram's last two dimensions. */
  layout: z.enum(['frames-bands', 'bands-frames']).default('frames-bands'),
})
export type AudioPreprocessing = z.infer<typeof AudioPreprocessing>

export const TextPreprocessing = z.object({
  kind: z.literal('text'),
  /** Input of the token ids. */
  input,
  mask: z.string().nullable().default(null).describe('Input of the attention mask.'),
  types: z.string().nullable().default(null).describe('Input of the segment ids.'),
  /** `tokenizer.json` or `vocab.txt`; beside the data or the model where null. */
  tokenizer: z.string().nullable().default(null),
  maxLength: z.number().int().min(1).max(131_072).default(128),
  /** Whether short texts are filled up to `maxLength`. */
  padding: z.enum(['none', 'max-length']).default('none'),
})
export type TextPreprocessing = z.infer<typeof TextPreprocessing>

/** Numbers as they are in the file, but for `(value · scale − mean) / std`. */
export const TensorPreprocessing = z.object({
  kind: z.literal('tensor'),
  /** The input it is for; all float inputs where null. */
  input: z.string().nullable().default(null),
  scale: z.number().describe('1/255 makes bytes of pictures numbers of 0…1.').default(1),
  mean: z.number().default(0),
  std: z.number().default(1),
})
export type TensorPreprocessing = z.infer<typeof TensorPreprocessing>

export const Preprocessing = z.discriminatedUnion('kind', [ImagePreprocessing, AudioPreprocessing, TextPreprocessing, TensorPreprocessing])
export type Preprocessing = z.infer<typeof Preprocessing>

/** The card a model carries, or null where it has none or one that cannot be read. */
export function preprocessingOf(metadata: readonly { readonly key: string; readonly value: string }[]): Preprocessing | null {
  const text = metadata.find(({ key }) => key === PREPROCESSING_KEY)?.value
  if (text === undefined) return null
  try {
    const parsed = Preprocessing.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

/** In words, for reports: `image 224 × 224, crop, rgb, nchw, (x/255 − 0.485…)/0.229…`. */
export function describePreprocessing(card: Preprocessing): string {
  switch (card.kind) {
    case 'image':
      return `images to ${card.width} × ${card.height} (${card.resize}), ${card.channels}, ${card.layout}, ${describeScaling(card)}`
    case 'audio': {
      const length = card.length === null ? '' : `, length ${card.length}`
      return card.features === 'waveform' ? `sound at ${card.sampleRate} Hz${length}` : `log-mel of ${card.mel.bands} bands at ${card.sampleRate} Hz${length}`
    }
    case 'text':
      return `text of at most ${card.maxLength} tokens${card.padding === 'none' ? '' : ', filled up'}`
    case 'tensor':
      return `tensors, ${describeScaling({ scale: card.scale, mean: [card.mean], std: [card.std] })}`
  }
}

function describeScaling({ scale, mean, std }: { scale: number; mean: readonly number[]; std: readonly number[] }): string {
  const scaled = scale === 1 ? 'x' : Math.abs(1 / scale - Math.round(1 / scale)) < 1e-9 ? `x/${Math.round(1 / scale)}` : `${scale}·x`
  const centred = mean.every((value) => value === 0) ? scaled : `${scaled} − ${mean.join('/')}`
  if (std.every((value) => value === 1)) return centred
  return centred === scaled ? `${scaled} / ${std.join('/')}` : `(${centred}) / ${std.join('/')}`
}
