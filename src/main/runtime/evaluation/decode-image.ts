/**
 * Pictures as a model takes them. libvips decodes and resizes in threads of its own, so that inference goes on meanwhile; only the last
 * step, bytes to numbers, is done here.
 */
import type { FitEnum, Sharp, default as SharpModule } from 'sharp'
import { AppError } from '#shared/errors'
import type { ImagePreprocessing } from '#shared/evaluation/preprocessing'
import { DATA_TYPES, type DataTypeName } from '#shared/onnx/data-type'
import { float32ToFloat16 } from '#shared/onnx/small-floats'
import type { TensorValue } from '../model-runner'

/** Rows of pixels, channels side by side. */
export interface Pixels {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: number
}

/** Where the picture's pixels went: `x' = x · scaleX + offsetX`. */
export interface Placement {
  readonly scaleX: number
  readonly scaleY: number
  readonly offsetX: number
  readonly offsetY: number
}

let loading: Promise<typeof SharpModule> | null = null

/** sharp, loaded on first use: processes that decode nothing do without. */
async function loadSharp(): Promise<typeof SharpModule> {
  loading ??= import('sharp').then(({ default: sharp }) => {
    // Each picture is decoded once: a cache would only grow, and pictures are decoded side by side already.
    sharp.cache(false)
    sharp.concurrency(1)
    return sharp
  })
  return loading
}

/**
 * The picture at `source` (a path or the file's bytes) as the card says: turned upright, made opaque, resized and cut, in the channel order
 * RGB or one grey channel. Throws AppError `invalid-data` where it cannot be decoded.
 */
export async function decodePicture(source: string | Uint8Array, card: ImagePreprocessing): Promise<Pixels> {
  const sharp = await loadSharp()
  return decoding(async () => {
    const opaque = sharp(source, { failOn: 'error', limitInputPixels: 1e9 }).autoOrient().flatten({ background: '#000000' })
    const coloured = card.channels === 'gray' ? opaque.grayscale() : opaque.toColourspace('srgb')
    return onlyChannels(await toPixels(resized(coloured, card, 'linear')), card.channels === 'gray' ? 1 : 3)
  })
}

/** Where `decodePicture` puts the pixels of the picture at `source`. */
export async function picturePlacement(source: string, card: ImagePreprocessing): Promise<Placement> {
  const sharp = await loadSharp()
  return decoding(async () => placementOf(card, (await sharp(source).metadata()).autoOrient))
}

/** A grey picture of class numbers, put in place as the card puts pictures, without mixing neighbours. */
export async function decodeMask(source: string, card: ImagePreprocessing): Promise<Pixels> {
  const sharp = await loadSharp()
  return decoding(async () => {
    const { channels } = await sharp(source).metadata()
    if (channels > 2) throw new AppError({ code: 'invalid-data', message: 'is no grey picture of class numbers' })
    return onlyChannels(await toPixels(resized(sharp(source), card, 'nearest')), 1)
  })
}

/** The picture as it is, RGB, for comparing outputs that are pictures. */
export async function decodeWhole(source: string): Promise<Pixels> {
  const sharp = await loadSharp()
  return decoding(async () => onlyChannels(await toPixels(sharp(source).autoOrient().flatten({ background: '#000000' }).toColourspace('srgb')), 3))
}

/** A small JPEG for lists of samples, at most `side` pixels wide and high. */
export async function thumbnail(source: string | Pixels, side: number): Promise<Uint8Array> {
  const sharp = await loadSharp()
  return decoding(async () => {
    const image = typeof source === 'string' ? sharp(source).autoOrient() : sharp(source.data, { raw: { width: source.width, height: source.height, channels: source.channels === 1 ? 1 : 3 } })
    return image.flatten({ background: '#000000' }).resize(side, side, { fit: 'inside', kernel: typeof source === 'string' ? 'lanczos3' : 'nearest' }).jpeg({ quality: 82 }).toBuffer()
  })
}

async function decoding<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AppError || !(error instanceof Error)) throw error
    throw new AppError({ code: 'invalid-data', message: `cannot be decoded: ${error.message.split('\n')[0]?.replace(/^Input file /, '') ?? ''}` }, { cause: error })
  }
}

function resized(image: Sharp, { width, height, resize, cropShare, border }: ImagePreprocessing, kernel: 'linear' | 'nearest'): Sharp {
  const background = { r: border, g: border, b: border }
  const to = (fit: keyof FitEnum, w: number, h: number) => image.resize(w, h, { fit, kernel, background, fastShrinkOnLoad: false })
  if (resize === 'stretch') return to('fill', width, height)
  if (resize === 'fit') return to('contain', width, height)
  if (cropShare === 1) return to('cover', width, height)
  const [outerWidth, outerHeight] = [Math.round(width / cropShare), Math.round(height / cropShare)]
  return to('cover', outerWidth, outerHeight).extract({ left: Math.floor((outerWidth - width) / 2), top: Math.floor((outerHeight - height) / 2), width, height })
}

function placementOf({ width, height, resize, cropShare }: ImagePreprocessing, original: { width: number; height: number }): Placement {
  const [toWidth, toHeight] = [width / original.width, height / original.height]
  if (resize === 'stretch') return { scaleX: toWidth, scaleY: toHeight, offsetX: 0, offsetY: 0 }
  const scale = resize === 'fit' ? Math.min(toWidth, toHeight) : Math.max(toWidth, toHeight) / cropShare
  return { scaleX: scale, scaleY: scale, offsetX: (width - original.width * scale) / 2, offsetY: (height - original.height * scale) / 2 }
}

async function toPixels(image: Sharp): Promise<Pixels> {
  const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}

/** Grey pictures have one channel however many are asked for, and transparency may be left over. */
function onlyChannels({ data, width, height, channels }: Pixels, wanted: number): Pixels {
  if (channels === wanted) return { data, width, height, channels }
  const taken = new Uint8Array(width * height * wanted)
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < wanted; channel++) taken[pixel * wanted + channel] = data[pixel * channels + Math.min(channel, channels < 3 ? 0 : channels - 1)] ?? 0
  }
  return { data: taken, width, height, channels: wanted }
}

/**
 * Pixels as the model's input: `[1, C, H, W]` or `[1, H, W, C]` (without the 1 where `rank` is 3), each value `(x · scale − mean) / std`,
 * rounded where the type holds integers only.
 */
export function pixelsToTensor(pixels: Pixels, card: ImagePreprocessing, { dataType, rank }: { readonly dataType: DataTypeName; readonly rank: number }): TensorValue {
  const { data, width, height, channels } = pixels
  const write = writerOf(dataType, width * height * channels)
  const plane = width * height
  for (let channel = 0; channel < channels; channel++) {
    const to = card.channels === 'bgr' ? channels - 1 - channel : channel
    // Means are given in the order that the model's channels have.
    const table = write.table((value) => (value * card.scale - (card.mean[to] ?? card.mean[0] ?? 0)) / (card.std[to] ?? card.std[0] ?? 1))
    if (card.layout === 'nchw') for (let at = 0; at < plane; at++) write.array[to * plane + at] = table[data[at * channels + channel] ?? 0] ?? 0
    else for (let at = 0; at < plane; at++) write.array[at * channels + to] = table[data[at * channels + channel] ?? 0] ?? 0
  }
  const shape = card.layout === 'nchw' ? [channels, height, width] : [height, width, channels]
  const { buffer, byteOffset, byteLength } = write.array
  return { dataType: DATA_TYPES[dataType].code, dims: rank === 3 ? shape : [1, ...shape], bytes: new Uint8Array(buffer, byteOffset, byteLength) }
}

type NumberArray = Float32Array | Float64Array | Uint16Array | Uint8Array | Int8Array | Int32Array

/** All 256 values are worked out once a picture and looked up from there. */
function writerOf(dataType: DataTypeName, count: number): { array: NumberArray; table: (value: (byte: number) => number) => ArrayLike<number> } {
  const floats = (value: (byte: number) => number) => Float64Array.from({ length: 256 }, (_, byte) => value(byte))
  const integers = (low: number, high: number) => (value: (byte: number) => number) => floats(value).map((number) => Math.min(high, Math.max(low, Math.round(number))))
  switch (dataType) {
    case 'float32':
      return { array: new Float32Array(count), table: floats }
    case 'float64':
      return { array: new Float64Array(count), table: floats }
    case 'float16':
      return { array: new Uint16Array(count), table: (value) => Uint16Array.from(floats(value), float32ToFloat16) }
    case 'uint8':
      return { array: new Uint8Array(count), table: integers(0, 255) }
    case 'int8':
      return { array: new Int8Array(count), table: integers(-128, 127) }
    case 'int32':
      return { array: new Int32Array(count), table: integers(-(2 ** 31), 2 ** 31 - 1) }
    default:
      throw new AppError({ code: 'not-supported', message: `Pictures cannot be made into ${dataType} tensors.`, hint: 'Give the model a float32 input.' })
  }
}
