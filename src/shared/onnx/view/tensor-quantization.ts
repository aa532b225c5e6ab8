import { intAttribute } from '../attributes'
import type { ModelDocument } from '../document'
import type { Graph, Node, Tensor } from '../records'
import { elementCount, tensorFloats, type TensorNumbers } from '../tensor-data'

/** How the codes in a tensor stand for real values: `(code − zero point) · scale`. */
export interface TensorQuantization {
  /** The node that reads the codes. */
  readonly node: Node
  readonly scaleName: string
  readonly scale: Tensor
  readonly zeroPointName: string | null
  readonly zeroPoint: Tensor | null
  /** From 0; null for one scale for all. */
  readonly axis: number | null
  /** Elements along the axis that share a scale; 0 where it is not quantized in blocks. */
  readonly blockSize: number
}

interface Slots {
  readonly value: number
  readonly scale: number
  readonly zeroPoint: number
  /** Of the weight where scales are many: from 0, or from the end where negative. */
  readonly axis: (node: Node) => number
}

/** Operators that read codes together with their scale, by `domain:type` (specifications of ONNX and of onnxruntime's contrib operators). */
const READERS: Readonly<Record<string, Slots>> = {
  ':DequantizeLinear': { value: 0, scale: 1, zeroPoint: 2, axis: (node) => intAttribute(node, 'axis', 1) },
  'com.microsoft:DequantizeLinear': { value: 0, scale: 1, zeroPoint: 2, axis: (node) => intAttribute(node, 'axis', 1) },
  ':QLinearConv': { value: 3, scale: 4, zeroPoint: 5, axis: () => 0 },
  ':QLinearMatMul': { value: 3, scale: 4, zeroPoint: 5, axis: () => -1 },
  'com.microsoft:QGemm': { value: 3, scale: 4, zeroPoint: 5, axis: (node) => (intAttribute(node, 'transB', 0) === 1 ? 0 : 1) },
  'com.microsoft:DynamicQuantizeMatMul': { value: 1, scale: 2, zeroPoint: 3, axis: () => -1 },
  'com.microsoft:MatMulIntegerToFloat': { value: 1, scale: 3, zeroPoint: 5, axis: () => -1 },
}

/** The quantization of the tensor `name`, by its first reader that tells; null where none does or its scale is not constant. */
export function quantizationOf(document: ModelDocument, graph: Graph, { name, tensor, find }: { readonly name: string; readonly tensor: Tensor; readonly find: (name: string) => Tensor | null }): TensorQuantization | null {
  for (const node of document.index(graph).consumers(name)) {
    const slots = READERS[`${node.domain === 'ai.onnx' ? '' : node.domain}:${node.opType}`]
    if (slots === undefined || node.inputs[slots.value] !== name) continue
    const [scaleName, zeroPointName] = [node.inputs[slots.scale] ?? '', node.inputs[slots.zeroPoint] ?? '']
    const scale = scaleName === '' ? null : find(scaleName)
    if (scale === null) continue
    const along = slots.axis(node)
    const axis = along < 0 ? along + tensor.dims.length : along
    const one = elementCount(scale) === 1
    return {
      node,
      scaleName,
      scale,
      zeroPointName: zeroPointName === '' ? null : zeroPointName,
      zeroPoint: zeroPointName === '' ? null : find(zeroPointName),
      axis: one ? null : axis,
      blockSize: one ? 0 : intAttribute(node, 'block_size', 0),
    }
  }
  return null
}

/** Turns codes into real values; `start` is the row-major index of the first. Null where scales do not fit the shape. */
export function dequantizer(tensor: Tensor, { scale, zeroPoint, axis, blockSize }: TensorQuantization): ((codes: TensorNumbers, start: number) => Float64Array) | null {
  const scales = tensorFloats(scale)
  const zeros = zeroPoint === null ? null : tensorFloats(zeroPoint)
  const along = axis === null ? 1 : (tensor.dims[axis] ?? 0)
  const inner = axis === null ? 1 : tensor.dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
  // Blocks along the axis have scales of the tensor's shape, but for the axis.
  const perAxis = blockSize > 0 ? Math.ceil(along / blockSize) : along
  const outer = axis === null ? 1 : tensor.dims.slice(0, axis).reduce((product, dim) => product * dim, 1)
  const expected = axis === null ? 1 : blockSize > 0 ? outer * perAxis * inner : along
  if (scales.length !== expected || (zeros !== null && zeros.length !== expected)) return null
  const channelOf = (at: number): number => {
    if (axis === null) return 0
    const place = Math.floor(at / inner) % along
    if (blockSize === 0) return place
    return (Math.floor(at / (inner * along)) * perAxis + Math.floor(place / blockSize)) * inner + (at % inner)
  }
  return (codes, start) => {
    const values = new Float64Array(codes.length)
    for (let at = 0; at < codes.length; at++) {
      const channel = channelOf(start + at)
      values[at] = (Number(codes[at]) - (zeros?.[channel] ?? 0)) * (scales[channel] ?? NaN)
    }
    return values
  }
}
