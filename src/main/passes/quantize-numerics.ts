/**
 * Scale, zero point and rounding of affine quantization, `real = scale · (q − zeroPoint)`, to the bit as ONNX Runtime's own
 * quantizer computes them (checked against fixtures made with it), so that a model from here behaves like one from there.
 */
/** int4 is for weights only. */
export type QuantizedType = 'int4' | 'int8' | 'uint8' | 'int16' | 'uint16'

export interface QuantizationRange {
  readonly qmin: number
  readonly qmax: number
}

export type QuantizedArray = Int8Array | Uint8Array | Int16Array | Uint16Array

/** `scale` is a float32 value. */
export interface QuantizationParameters {
  readonly scale: number
  readonly zeroPoint: number
}

/** Quantized values in the order of the input, with one scale and zero point for each channel (or one in all). */
export interface QuantizedWeights {
  readonly type: QuantizedType
  readonly values: QuantizedArray
  readonly scales: Float32Array
  readonly zeroPoints: QuantizedArray
}

/** Smallest normal float32: a scale below it would flush to zero or lose its digits. */
const SMALLEST_NORMAL_FLOAT32 = 2 ** -126
const INT32_MAX = 2 ** 31 - 1

export function quantizedArray(type: QuantizedType, length: number): QuantizedArray {
  switch (type) {
    case 'int4':
    case 'int8':
      return new Int8Array(length)
    case 'uint8':
      return new Uint8Array(length)
    case 'int16':
      return new Int16Array(length)
    case 'uint16':
      return new Uint16Array(length)
  }
}

/**
 * The integers in use. Symmetric types leave out the lowest, so that the range is even around zero. A reduced range (8 bits only) keeps u8 × s8 sums of
 * two within 16 bits, for x86 processors without VNNI.
 */
export function quantizationRange(type: QuantizedType, options: { readonly symmetric: boolean; readonly reduceRange: boolean }): QuantizationRange {
  if (type === 'int4') return { qmin: options.symmetric ? -7 : -8, qmax: 7 }
  if (type === 'uint16') return { qmin: 0, qmax: 65535 }
  if (type === 'int16') return { qmin: options.symmetric ? -32767 : -32768, qmax: 32767 }
  if (type === 'uint8') return { qmin: 0, qmax: options.reduceRange ? 127 : 255 }
  if (options.reduceRange) return { qmin: -64, qmax: 64 }
  return { qmin: options.symmetric ? -127 : -128, qmax: 127 }
}

/** Beside it float64 has no digits left behind the point, and the processor rounds half to even. */
const ROUNDING = 1.5 * 2 ** 52

/** Rounds half to even, as IEEE 754 and numpy do; `Math.round` rounds half up. */
export function roundHalfToEven(value: number): number {
  return Math.abs(value) < 2 ** 51 ? value + ROUNDING - ROUNDING : value
}

/**
 * Scale and zero point for values in `min…max` (float32 values). Zero is always representable. A range too small to be told from
 * zero gives scale 1 and zero point 0.
 */
export function quantizationParameters(min: number, max: number, range: QuantizationRange & { readonly symmetric: boolean }): QuantizationParameters {
  let low = Math.min(min, 0)
  let high = Math.max(max, 0)
  if (range.symmetric) {
    high = Math.max(-low, high)
    low = -high
  }
  // The difference is taken in float32, the quotient in float64: both matter for equal bits.
  const scale = Math.fround(high - low) / (range.qmax - range.qmin)
  if (!(scale >= SMALLEST_NORMAL_FLOAT32)) return { scale: 1, zeroPoint: 0 }
  const zeroPoint = range.symmetric ? roundHalfToEven((range.qmin + range.qmax) / 2) : roundHalfToEven(range.qmin - low / scale)
  return { scale: Math.fround(scale), zeroPoint }
}

/** `clip(round(value / scale) + zeroPoint)`, divided in float32. */
export function quantizeValue(value: number, parameters: QuantizationParameters, range: QuantizationRange): number {
  const q = roundHalfToEven(Math.fround(value / parameters.scale)) + parameters.zeroPoint
  return Math.min(range.qmax, Math.max(range.qmin, q))
}

/** Smallest and largest of `values`; zeros where there are none. NaN where a value is NaN. */
export function valueRange(values: Float32Array): { min: number; max: number } {
  if (values.length === 0) return { min: 0, max: 0 }
  let min = Infinity
  let max = -Infinity
  for (const value of values) {
    if (Number.isNaN(value)) return { min: NaN, max: NaN }
    if (value < min) min = value
    if (value > max) max = value
  }
  return { min, max }
}

export interface WeightOptions {
  readonly type: QuantizedType
  readonly symmetric: boolean
  readonly reduceRange: boolean
}

/** All values with one scale. int8 and uint8 values are clipped to the whole type, as the reference does. */
export function quantizeTensor(values: Float32Array, options: WeightOptions): QuantizedWeights {
  return quantizeChannels(values, { dims: [values.length], axis: null }, options)
}

/** How a weight is cut into channels: its dims and the axis along which each index has its own scale; null: one scale. */
export interface ChannelLayout {
  readonly dims: readonly number[]
  readonly axis: number | null
}

/** Values with a scale for each index of `layout.axis`. `minimumScales` (one for each channel) widens scales that a bias needs wider. */
export function quantizeChannels(values: Float32Array, layout: ChannelLayout, options: WeightOptions & { readonly minimumScales?: Float32Array }): QuantizedWeights {
  const channels = layout.axis === null ? 1 : (layout.dims[layout.axis] ?? 1)
  const inner = layout.axis === null ? values.length : product(layout.dims.slice(layout.axis + 1))
  const outer = channels * inner === 0 ? 0 : values.length / (channels * inner)
  const range = quantizationRange(options.type, options)
  const { qmin, qmax } = range
  const out = quantizedArray(options.type, values.length)
  const scales = new Float32Array(channels)
  const zeroPoints = quantizedArray(options.type, channels)
  const { mins, maxs } = channelExtremes(values, { outer, channels, inner })
  const form = { ...range, symmetric: options.symmetric }
  for (let channel = 0; channel < channels; channel++) {
    const found = quantizationParameters(mins[channel] as number, maxs[channel] as number, form)
    scales[channel] = Math.max(found.scale, options.minimumScales?.[channel] ?? 0)
    zeroPoints[channel] = found.zeroPoint
  }
  for (let o = 0, i = 0; o < outer; o++) {
    for (let channel = 0; channel < channels; channel++) {
      const scale = scales[channel] as number
      const zeroPoint = zeroPoints[channel] as number
      // As `quantizeValue`, in line: weights have millions. What is too large to be rounded so is clipped.
      for (const end = i + inner; i < end; i++) {
        const q = Math.fround((values[i] as number) / scale) + ROUNDING - ROUNDING + zeroPoint
        out[i] = q < qmin ? qmin : q > qmax ? qmax : q
      }
    }
  }
  return { type: options.type, values: out, scales, zeroPoints }
}

/** In the order of memory: along a last axis the values of a channel lie far apart. Infinities where there are no values. */
function channelExtremes(values: Float32Array, { outer, channels, inner }: { outer: number; channels: number; inner: number }): { mins: Float32Array; maxs: Float32Array } {
  const mins = new Float32Array(channels).fill(Infinity)
  const maxs = new Float32Array(channels).fill(-Infinity)
  for (let o = 0, i = 0; o < outer; o++) {
    for (let channel = 0; channel < channels; channel++) {
      let min = mins[channel] as number
      let max = maxs[channel] as number
      for (const end = i + inner; i < end; i++) {
        const value = values[i] as number
        if (value < min) min = value
        if (value > max) max = value
      }
      mins[channel] = min
      maxs[channel] = max
    }
  }
  return { mins, maxs }
}

/** The real values that quantized ones stand for. */
export function dequantized({ values, scales, zeroPoints }: QuantizedWeights, layout: ChannelLayout): Float32Array {
  const inner = layout.axis === null ? values.length : product(layout.dims.slice(layout.axis + 1))
  const real = new Float32Array(values.length)
  for (let at = 0; at < values.length; at++) {
    const channel = inner === 0 ? 0 : Math.floor(at / inner) % scales.length
    real[at] = (scales[channel] as number) * ((values[at] as number) - (zeroPoints[channel] as number))
  }
  return real
}

/**
 * A bias as int32 with zero point 0. Its scales are `inputScale · weightScale` in float32, one for each channel (or one in all);
 * the division is in float64, since a float32 quotient has too few digits for 32 bits.
 */
export function quantizeBias(values: Float32Array, inputScale: number, weightScales: Float32Array): { values: Int32Array; scales: Float32Array } {
  const scales = weightScales.map((scale) => Math.fround(inputScale * scale))
  const quantized = new Int32Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const scale = scales[scales.length === 1 ? 0 : i] as number
    const q = roundHalfToEven((values[i] as number) / scale)
    quantized[i] = Math.min(INT32_MAX, Math.max(-INT32_MAX - 1, q))
  }
  return { values: quantized, scales }
}

/**
 * The smallest weight scales with which a bias still fits int32 at scale `inputScale · weightScale`: a channel whose weights are nearly
 * zero beside a large bias would else be cut off. Takes the scales chosen so far, one for each channel (or one in all), and gives as
 * many; 0 where the scale is wide enough. The order of operations, and float32 for the margin of channels, are the reference's: they
 * decide the last bit.
 */
export function minimumWeightScales(bias: Float32Array, inputScale: number, scales: Float32Array): Float32Array {
  const needed = new Float32Array(scales.length)
  const largest = bias.reduce((found, value) => Math.max(found, Math.abs(value)), 0)
  for (let at = 0; at < scales.length; at++) {
    const scale = scales[at] as number
    const span = scales.length === 1 ? 1.0001 * (2 * largest) : Math.fround(Math.fround(1.0001) * 2 * Math.abs(bias[at] as number))
    const smallest = span / (2 * INT32_MAX)
    const product = inputScale * scale
    if (product > 0 && product < smallest) needed[at] = scale * (smallest / product)
  }
  return needed
}

function product(dims: readonly number[]): number {
  return dims.reduce((total, dim) => total * dim, 1)
}
