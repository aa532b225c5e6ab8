import type { ModelDocument } from '#shared/onnx/document'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import type { PassContext } from '../pass'
import { findLayerPairs, observeRanges } from '../recovery/layer-pairs'
import { scaleChannels } from '../recovery/layer-weights'
import { floatValues } from '../weight-store'

/**
 * Multiplies channels between neighbouring layers by factors from 1 / `spread` to `spread` and divides them out again in the next layer,
 * so that the model computes the same from weights of very different ranges, as some trained models have them. Channels that reach the
 * bound of a Clip in the samples stay; none is brought to it.
 */
export async function scaleChannelsApart(document: ModelDocument, context: PassContext, spread: number): Promise<void> {
  const pairs = findLayerPairs(document, document.model.graph)
  const ranges = await observeRanges(document, pairs, { observer: context, limit: 128 })
  await document.transact('scale apart', (edit) => {
    let seed = 1
    for (const { first, second, bound } of pairs) {
      const peaks = ranges.get(first.node.id)?.max
      const factors = Float64Array.from({ length: first.outputs.count }, (_, channel) => {
        seed = (seed * 48_271) % 2_147_483_647
        const room = bound === null ? Infinity : bound / (1.2 * Math.max(peaks?.[channel] ?? Infinity, 0))
        return room <= 1 ? 1 : Math.min(room, spread ** ((2 * seed) / 2_147_483_647 - 1))
      })
      const scaled = (name: string, change: (values: Float32Array) => void) => {
        const tensor = document.initializer(edit.main, name)
        if (!tensor) throw new Error(`no tensor '${name}'`)
        const values = floatValues(tensor).slice()
        change(values)
        edit.setInitializer(edit.main, rawTensor(name, 'float32', tensor.dims, bytesOf(values)))
      }
      scaled(first.weight.name, (values) => scaleChannels(values, first.outputs, factors))
      if (first.bias) scaled(first.bias.name, (values) => scaleChannels(values, { count: factors.length, inner: 1 }, factors))
      scaled(second.weight.name, (values) => scaleChannels(values, second.inputs, factors.map((factor) => 1 / factor)))
    }
  })
}
