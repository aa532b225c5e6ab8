import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Edit } from '#shared/onnx/document'
import type { Graph, Tensor } from '#shared/onnx/records'
import { bytesOf, rawTensor, tensorFloats } from '#shared/onnx/tensor-data'
import { constantTensor, elementsOf, isFloat32, isReadable } from './constants'
import type { ReadonlyDocument } from './pass'
import { type ChannelLayout, type QuantizedArray, quantizeChannels, type QuantizedWeights, type WeightOptions } from './quantize-numerics'
import { notApplicable, type Refusal, refuse } from './refusal'

/** Names of the three tensors that stand for a quantized weight. */
export interface StoredWeight {
  readonly values: string
  readonly scale: string
  readonly zeroPoint: string
}

export interface WeightForm {
  readonly layout: ChannelLayout
  readonly options: WeightOptions
  /** Dims of scale and zero point as the consuming op wants them; by default `[]` or `[channels]`. */
  readonly scaleDims?: readonly number[]
  readonly zeroPointDims?: readonly number[]
  /** Rearranges the quantized values before they are stored; `key` tells forms apart. */
  readonly rearrange?: { readonly key: string; readonly apply: (weights: QuantizedWeights) => { readonly dims: readonly number[]; readonly values: QuantizedArray } }
  /** Multiplied into the scales, in float32. */
  readonly scaleFactor?: number
}

/** Quantizes each weight once for each form that its consumers want, and removes the float values nobody reads any more. */
export class WeightStore {
  readonly #stored = new Map<string, StoredWeight>()
  readonly #quantized = new Map<string, { graph: Graph; name: string }>()

  constructor(readonly edit: Edit) {}

  /** The weight that `name` is, as seen from `graph`, in `form`. Its tensors are put where the float one is. */
  store(graph: Graph, name: string, form: WeightForm): StoredWeight {
    const found = this.edit.document.definition(graph, name)
    if (found?.definition.kind !== 'initializer') throw new Error(`internal: '${name}' is not an initializer`)
    const { tensor } = found.definition
    const key = JSON.stringify([found.graph.id, name, form.layout, form.options, form.scaleDims, form.zeroPointDims, form.rearrange?.key, form.scaleFactor])
    const known = this.#stored.get(key)
    if (known) return known
    this.#quantized.set(`${found.graph.id}/${name}`, { graph: found.graph, name })
    const stored = this.#write(found.graph, tensor, form)
    this.#stored.set(key, stored)
    return stored
  }

  /** Says that a reader of the weight reads something else now, for `removeUnread`. */
  noLongerRead(graph: Graph, name: string): void {
    this.#quantized.set(`${graph.id}/${name}`, { graph, name })
  }

  removeUnread(): void {
    for (const { graph, name } of this.#quantized.values()) {
      if (this.edit.document.uses(graph, name).length === 0) this.edit.removeInitializer(graph, name)
    }
  }

  #write(graph: Graph, tensor: Tensor, form: WeightForm): StoredWeight {
    const weights = quantizeChannels(floatValues(tensor), form.layout, form.options)
    const placed = form.rearrange ? form.rearrange.apply(weights) : { dims: tensor.dims, values: weights.values }
    const factor = form.scaleFactor ?? 1
    const scales = factor === 1 ? weights.scales : weights.scales.map((scale) => scale * factor)
    const channels = form.layout.axis === null ? [] : [scales.length]
    const names = {
      values: this.edit.freshName(graph, `${tensor.name}.q`),
      scale: this.edit.freshName(graph, `${tensor.name}.scale`),
      zeroPoint: this.edit.freshName(graph, `${tensor.name}.zp`),
    }
      this.edit.setInitializer(graph, rawTensor(names.values, weights.type, placed.dims, bytesOf(placed.values)))
    this.edit.setInitializer(graph, rawTensor(names.scale, 'float32', form.scaleDims ?? channels, bytesOf(scales)))
    const zeroPointDims = form.zeroPointDims ?? form.scaleDims ?? channels
    const zeroPoints = zeroPointDims.length === 0 ? weights.zeroPoints.slice(0, 1) : weights.zeroPoints
    this.edit.setInitializer(graph, rawTensor(names.zeroPoint, weights.type, zeroPointDims, bytesOf(zeroPoints)))
    return names
  }
}

/** A float32 tensor's values. */
export function floatValues(tensor: Tensor): Float32Array {
  const values = tensorFloats(tensor)
  return values instanceof Float32Array ? values : Float32Array.from(values)
}

/** Passes ask often, tensors never change, and reading all weights takes its time. */
const knownFinite = new WeakMap<Tensor, boolean>()

function isFinite(tensor: Tensor): boolean {
  const found = knownFinite.get(tensor) ?? areFinite(floatValues(tensor))
  knownFinite.set(tensor, found)
  return found
}

/** Zero times what is finite is zero, else NaN: faster than a look at each of millions. */
function areFinite(values: Float32Array): boolean {
  let sum = 0
  for (let at = 0; at < values.length; at++) sum += (values[at] as number) * 0
  return sum === 0
}

/** The constant float32 tensor `name` with at least `rank` dimensions and `elements` elements, all finite; or why it is not one. */
export function quantizableWeight(
  document: ReadonlyDocument,
  { graph, name, rank, elements }: { graph: Graph; name: string | undefined; rank: number; elements: number },
): Tensor | Refusal {
  const tensor = constantTensor(document, graph, name ?? '')
  if (!tensor) return notApplicable('its weight is not a constant')
  if (tensor.dims.length < rank) return notApplicable('its weight has too few dimensions')
  if (elementsOf(tensor.dims) < elements) return notApplicable('its weight is too small to be worth it')
  if (tensor.dataType === DATA_TYPES.float16.code || tensor.dataType === DATA_TYPES.bfloat16.code) {
    return refuse(`its weight '${tensor.name}' is 16-bit float; integer kernels take float32 models`)
  }
  if (!isFloat32(tensor)) return notApplicable('its weight is not float32')
  if (!isReadable(tensor)) return refuse(`the values of its weight '${tensor.name}' are missing`)
  if (!isFinite(tensor)) return refuse(`its weight '${tensor.name}' has values that are not finite`)
  return tensor
}
