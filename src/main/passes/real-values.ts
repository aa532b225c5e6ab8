import type { Tensor } from '#shared/onnx/records'
import { tensorFloats } from '#shared/onnx/tensor-data'

/** What DequantizeLinear makes of constants: (value − zero point) · scale, with one scale for all or one for each entry along `axis`. */
export function realValues(values: Tensor, { scale, zeroPoint, axis }: { scale: Tensor; zeroPoint: Tensor | null; axis: number }): Float32Array {
  const [quantized, scales, zeros] = [tensorFloats(values), tensorFloats(scale), zeroPoint ? tensorFloats(zeroPoint) : null]
  const at = axis < 0 ? axis + values.dims.length : axis
  const inner = values.dims.slice(at + 1).reduce((product, dim) => product * dim, 1)
  return Float32Array.from(quantized, (value, element) => {
    const channel = scales.length === 1 ? 0 : Math.floor(element / inner) % scales.length
    return (value - (zeros?.[channel] ?? 0)) * (scales[channel] as number)
  })
}
