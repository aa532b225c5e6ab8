import { DATA_TYPES } from '../../data-type'
import { normalizeAxis, type Shape } from '../dims'
import { type Fact, tensorFact } from '../fact'
import type { NodeContext, Rule, RuleTable } from '../node-context'
import { sameAsFirst } from './elementwise'

const { float32, uint8 } = DATA_TYPES

/** The shape with the normalized axes, from `axis` on, made 1. */
function statistics(shape: Shape | null, axis: number): Shape | null {
  const from = shape ? normalizeAxis(axis, shape.length) : null
  return shape && from !== null ? shape.map((dim, at) => (at < from ? dim : 1)) : null
}

/** Y, Mean, InvStdDev */
function layerNormalization(node: NodeContext): Fact[] {
  const saved = tensorFact(node.int('stash_type', float32.code), statistics(node.shape(0), node.int('axis', -1)))
  return [tensorFact(node.dataType(0), node.shape(0)), saved, saved]
}

/** Y, InvStdDev */
function rmsNormalization(node: NodeContext): Fact[] {
  return [tensorFact(node.dataType(0), node.shape(0)), tensorFact(float32.code, statistics(node.shape(0), node.int('axis', -1)))]
}

/** Y, Mean, InvStdDev, and the sum of input, skip and bias */
function skipLayerNormalization(node: NodeContext): Fact[] {
  const full = tensorFact(node.dataType(0), node.shape(0))
  const saved = tensorFact(float32.code, statistics(node.shape(0), -1))
  return [full, saved, saved, full]
}

/** Y; in training mode also running mean and variance, or before opset 14 the saved ones. */
function batchNormalization(node: NodeContext): Fact[] {
  const perChannel = tensorFact(node.dataType(3), node.shape(3))
  return [tensorFact(node.dataType(0), node.shape(0)), perChannel, perChannel, perChannel, perChannel]
}

/** input_ids [batch, sequence], word_embedding [vocabulary, hidden] at `word` → [batch, sequence, hidden], mask index [batch], sum */
function embedLayerNormalization(word: number, dataType: (node: NodeContext) => number): Rule {
  return (node) => {
    const [batch = null, sequence = null] = node.shape(0) ?? []
    const full = tensorFact(dataType(node), [batch, sequence, node.shape(word)?.[1] ?? null])
    return [full, tensorFact(DATA_TYPES.int32.code, [batch]), full]
  }
}

export const normalizationRules: RuleTable = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: sameAsFirst,
  GroupNormalization: sameAsFirst,
  LpNormalization: sameAsFirst,
  MeanVarianceNormalization: sameAsFirst,
  LRN: sameAsFirst,
  LayerNormalization: layerNormalization,
  RMSNormalization: sameAsFirst,
  SimplifiedLayerNormalization: rmsNormalization,
  'com.microsoft:SimplifiedLayerNormalization': rmsNormalization,
  'com.microsoft:LayerNormalization': layerNormalization,
  'com.microsoft:SkipLayerNormalization': skipLayerNormalization,
  'com.microsoft:SkipSimplifiedLayerNormalization': skipLayerNormalization,
  'com.microsoft:GroupNorm': sameAsFirst,
  'com.microsoft:SkipGroupNorm': (node) => [tensorFact(node.dataType(0), node.shape(0)), tensorFact(node.dataType(0), node.shape(0))],
  'com.microsoft:EmbedLayerNormalization': embedLayerNormalization(2, (node) => node.dataType(2)),
  'com.microsoft:QEmbedLayerNormalization': embedLayerNormalization(2, (node) => (node.dataType(2) === uint8.code ? float32.code : node.dataType(2))),
}
