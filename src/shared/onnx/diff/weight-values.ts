import { AppError } from '../../errors'
import { intAttribute } from '../attributes'
import { dataTypeLabel } from '../data-type'
import type { Tensor } from '../records'
import { tensorFloats } from '../tensor-data'
import { constantOf, type DiffGraph, type Source } from './diff-graph'

/** A constant as a node reads it: the tensor, and its values after what stands between. */
export interface Weight {
  readonly tensor: Tensor
  /** Codes whose scale is applied elsewhere are no real values. */
  readonly isReal: boolean
  /** Null where the values are no numbers, cannot be read, or are dequantized in blocks. */
  values(): Float32Array | Float64Array | null
}

/** The constant behind a source, seen through Identity, Cast and DequantizeLinear; null where there is none. */
export function weightOf(graph: DiffGraph, source: Source | undefined): Weight | null {
  if (!source) return null
  const tensor = constantOf(graph, source)
  if (tensor) return { tensor, isReal: /float/.test(dataTypeLabel(tensor.dataType)), values: () => numbersOf(tensor) }
  const node = source.kind === 'node' ? graph.nodes[source.node] : undefined
  if (!node || source.kind !== 'node' || !graph.isTransparent[source.node]) return null
  const inputs = graph.direct.sources[source.node] ?? []
  const weight = weightOf(graph, inputs[0])
  if (weight === null || node.opType !== 'DequantizeLinear') return weight
  return { tensor: weight.tensor, isReal: true, values: () => dequantized(weight, { scale: weightOf(graph, inputs[1]), zeroPoint: weightOf(graph, inputs[2]), axis: intAttribute(node, 'axis', 1), isBlocked: intAttribute(node, 'block_size', 0) !== 0 }) }
}

/** ‖b − a‖ / ‖a‖ (‖b‖ where a is zero), or null where they cannot be compared. */
export function relativeError(a: Weight, b: Weight): number | null {
  if (a.tensor.dims.join() !== b.tensor.dims.join() || a.isReal !== b.isReal) return null
  const [left, right] = [a.values(), b.values()]
  if (left === null || right?.length !== left.length) return null
  let [difference, norm, otherNorm] = [0, 0, 0]
  for (let at = 0; at < left.length; at++) {
    const [one, other] = [left[at] ?? 0, right[at] ?? 0]
    difference += (other - one) ** 2
    norm += one ** 2
    otherNorm += other ** 2
  }
  if (difference === 0) return 0
  const error = Math.sqrt(difference / (norm === 0 ? otherNorm : norm))
  return Number.isFinite(error) ? error : null
}

interface Quantization {
  readonly scale: Weight | null
  readonly zeroPoint: Weight | null
  readonly axis: number
  readonly isBlocked: boolean
}

function dequantized(weight: Weight, { scale, zeroPoint, axis, isBlocked }: Quantization): Float64Array | null {
  const [values, scales] = [weight.values(), scale?.values() ?? null]
  const zeros = zeroPoint?.values() ?? null
  const { dims } = weight.tensor
  const at = axis < 0 ? axis + dims.length : axis
  if (values === null || scales === null || isBlocked || (scales.length !== 1 && scales.length !== dims[at])) return null
  const inner = scales.length === 1 ? values.length : dims.slice(at + 1).reduce((product, dim) => product * dim, 1)
  return Float64Array.from(values, (value, position) => {
    const channel = scales.length === 1 ? 0 : Math.floor(position / inner) % scales.length
    return (value - (zeros?.[channel] ?? 0)) * (scales[channel] ?? 0)
  })
}

function numbersOf(tensor: Tensor): Float32Array | Float64Array | null {
  try {
    return tensorFloats(tensor)
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}
