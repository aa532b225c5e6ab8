/** Rows of a layer's input as its weights see them: patches of an image for Conv, rows of a matrix for Gemm and MatMul. */
import { intAttribute, intsAttribute, stringAttribute } from '#shared/onnx/attributes'
import type { Node } from '#shared/onnx/records'

/** Where a Conv's window stands: everything by spatial axis. */
export interface Window {
  readonly kernel: readonly number[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  /** Before the first element, and after the last. */
  readonly pads: readonly number[]
  readonly padsAfter: readonly number[]
}

/** Null for padding that depends on sizes, and for more than two spatial axes. */
export function windowOf(node: Node, kernel: readonly number[]): Window | null {
  const automatic = stringAttribute(node, 'auto_pad', 'NOTSET')
  if (kernel.length > 2 || (automatic !== 'NOTSET' && automatic !== 'VALID' && automatic !== '')) return null
  const ones = kernel.map(() => 1)
  const pads = automatic === 'VALID' ? null : intsAttribute(node, 'pads', null)
  return {
    kernel,
    strides: intsAttribute(node, 'strides', ones),
    dilations: intsAttribute(node, 'dilations', ones),
    pads: pads ? pads.slice(0, kernel.length) : kernel.map(() => 0),
    padsAfter: pads ? pads.slice(kernel.length) : kernel.map(() => 0),
  }
}

export function outputSizes({ kernel, strides, dilations, pads, padsAfter }: Window, sizes: readonly number[]): number[] {
  return sizes.map((size, axis) => {
    const reach = ((kernel[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1
    return Math.floor((size + (pads[axis] ?? 0) + (padsAfter[axis] ?? 0) - reach) / (strides[axis] ?? 1)) + 1
  })
}

export function groupsOf(node: Node): number {
  return intAttribute(node, 'group', 1)
}

export interface PatchSource {
  readonly values: Float32Array
  /** [batch, channels, …] */
  readonly dims: readonly number[]
  readonly window: Window
}

/**
 * Writes the patch of `channels` channels from `firstChannel` on at one output position (an index over batch and space) into `row` from `at`:
 * channel by channel, each its kernel in order, as Conv's weights are stored.
 */
export function copyPatch({ values, dims, window }: PatchSource, position: { batch: number; place: readonly number[] }, { into, at, firstChannel, channels }: { into: Float32Array; at: number; firstChannel: number; channels: number }): void {
  const [height = 1, width = 1] = dims.length > 3 ? [dims[2] ?? 1, dims[3] ?? 1] : [1, dims[2] ?? 1]
  const offset = dims.length > 3 ? 0 : 1
  const of = (list: readonly number[], axis: 0 | 1, fallback: number) => (offset === 1 ? (axis === 0 ? fallback : list[0]) : list[axis]) ?? fallback
  const [rows, columns] = [of(window.kernel, 0, 1), of(window.kernel, 1, 1)]
  const top = of(position.place, 0, 0) * of(window.strides, 0, 1) - of(window.pads, 0, 0)
  const left = of(position.place, 1, 0) * of(window.strides, 1, 1) - of(window.pads, 1, 0)
  const [down, right] = [of(window.dilations, 0, 1), of(window.dilations, 1, 1)]
  let to = at
  for (let channel = firstChannel; channel < firstChannel + channels; channel++) {
    const plane = (position.batch * (dims[1] ?? 1) + channel) * height * width
    for (let row = 0; row < rows; row++) {
      const y = top + row * down
      for (let column = 0; column < columns; column++) {
        const x = left + column * right
        into[to++] = y >= 0 && y < height && x >= 0 && x < width ? (values[plane + y * width + x] as number) : 0
      }
    }
  }
}
