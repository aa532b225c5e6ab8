/** Pictures as models take them, and tensors as pictures. */
import { basename } from 'node:path'
import { AppError } from '#shared/errors'
import type { ImagePreprocessing } from '#shared/evaluation/preprocessing'
import { decodePicture, pixelsToTensor } from '../../runtime/evaluation/decode-image'
import type { ModelInput } from '../../runtime/model-inputs'
import type { TensorValue } from '../../runtime/model-runner'

export interface ShownPicture {
  readonly width: number
  readonly height: number
  readonly url: string
}

/**
 * Reads a picture as the card says. Throws AppError `invalid-data` where the file is no picture, `not-supported` where the model's input
 * is of a type that pictures cannot be made into.
 */
export async function readPicture(path: string, card: ImagePreprocessing, input: ModelInput): Promise<TensorValue> {
  const pixels = await named(path, () => decodePicture(path, card))
  return pixelsToTensor(pixels, card, { dataType: input.dataType, rank: input.shape?.length ?? 4 })
}

/** Width and height, turned as the camera says. */
export async function pictureSize(path: string): Promise<{ width: number; height: number }> {
  return named(path, async () => {
    const { default: sharp } = await import('sharp')
    return (await sharp(path).metadata()).autoOrient
  })
}

async function named<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw new AppError(
      { code: 'invalid-data', message: `'${basename(path)}' could not be read as a picture.`, hint: 'Give a PNG, JPEG, WebP, GIF, TIFF or AVIF file.' },
      { cause: error },
    )
  }
}

/** `values` of one picture, as the card says for inputs; outputs are taken as 0…1 in RGB. */
export async function showPicture(values: ArrayLike<number>, dims: readonly number[], card: Pick<ImagePreprocessing, 'layout' | 'scale' | 'mean' | 'std' | 'channels'>): Promise<ShownPicture> {
  const { default: sharp } = await import('sharp')
  const [a = 1, b = 1, c = 1] = dims.slice(-3)
  const [channels, height, width] = card.layout === 'nchw' ? [a, b, c] : [c, a, b]
  const pixels = new Uint8Array(channels * width * height)
  for (let at = 0; at < width * height; at++) {
    for (let channel = 0; channel < channels; channel++) {
      const value = Number(values[card.layout === 'nchw' ? channel * width * height + at : at * channels + channel])
      const to = card.channels === 'bgr' ? 2 - channel : channel
      pixels[at * channels + to] = Math.max(0, Math.min(255, Math.round((value * perChannel(card.std, channel) + perChannel(card.mean, channel)) / card.scale)))
    }
  }
  const png = await sharp(pixels, { raw: { width, height, channels: channels === 1 ? 1 : 3 } }).png().toBuffer()
  return { width, height, url: `data:image/png;base64,${png.toString('base64')}` }
}

function perChannel(values: readonly number[], channel: number): number {
  return values[channel] ?? values[0] ?? 0
}
