/** Attention in its ONNX (opset 23) and onnxruntime forms. B batch, S query length, T keys with the past, H heads, D head size. */
import { DATA_TYPES } from '../../data-type'
import type { Dim } from '../../records'
import { addDims, divideDims, multiplyDims, type Shape, unknownDims } from '../dims'
import { type Fact, tensorFact } from '../fact'
import type { NodeContext, RuleTable } from '../node-context'
import { sameAsFirst } from './elementwise'

/** Q [B, S, H·D] or [B, H, S, D]; outputs Y, present key, present value, QKᵀ */
function attention(node: NodeContext): Fact[] {
  const dataType = node.dataType(0)
  const [q, k, v] = [node.shape(0), node.shape(1), node.shape(2)]
  if (!q || !k || !v) return [tensorFact(dataType, q ? unknownDims(q.length) : null)]
  const split = (shape: Shape, heads: Dim): Shape =>
    shape.length === 4 ? shape : [shape[0] ?? null, heads, shape[1] ?? null, divideDims(shape[2] ?? null, heads)]
  const [queryHeads, keyHeads] = [node.optionalInt('q_num_heads'), node.optionalInt('kv_num_heads')]
  const [batch = null, heads = null, sequence = null] = split(q, queryHeads)
  const [, keyHeadCount = null, keys = null, headSize = null] = split(k, keyHeads)
  const valueSize = split(v, keyHeads)[3] ?? null
  const total = addDims(keys, node.has(4) ? (node.shape(4)?.[2] ?? null) : 0)
  const result = q.length === 4 ? [batch, heads, sequence, valueSize] : [batch, sequence, multiplyDims(heads, valueSize)]
  return [
    tensorFact(dataType, result),
    tensorFact(node.dataType(1), [batch, keyHeadCount, total, headSize]),
    tensorFact(node.dataType(2), [batch, keyHeadCount, total, valueSize]),
    tensorFact(dataType, [batch, heads, sequence, total]),
  ]
}

/** input [B, S, in], weights [in, Q + K + V], bias; past [2, B, H, past, D] at input `past`; outputs Y [B, S, V], present */
function packedAttention(at: { past: number; dataType: (node: NodeContext) => number }) {
  return (node: NodeContext): Fact[] => {
    const [batch = null, sequence = null] = node.shape(0) ?? []
    const hidden = node.shape(1)?.[1] ?? null
    const sizes = node.ints('qkv_hidden_sizes')
    const valueHidden = sizes?.[2] ?? (typeof hidden === 'number' ? hidden / 3 : null)
    const heads = node.int('num_heads', 1)
    const past = node.has(at.past) ? (node.shape(at.past)?.[3] ?? null) : 0
    const dataType = at.dataType(node)
    const present = [2, batch, heads, addDims(sequence, past), divideDims(valueHidden, heads)]
    return [tensorFact(dataType, [batch, sequence, valueHidden]), tensorFact(dataType, present)]
  }
}

/** query [B, S, H·D] (or packed [B, S, H, 3, D]), key, value [B, T, H·Dv]; outputs Y, present key, present value */
function multiHeadAttention(node: NodeContext): Fact[] {
  const dataType = node.dataType(0)
  const q = node.shape(0)
  const [batch = null, sequence = null] = q ?? []
  const heads = node.int('num_heads', 1)
  if (q?.length === 5) return [tensorFact(dataType, [batch, sequence, multiplyDims(q[2] ?? null, q[4] ?? null)])]
  const [key, value] = [node.shape(1), node.shape(2)]
  // Keys and values of a cross attention come as [B, H, T, D].
  const inHeads = value?.length === 4
  const hidden = inHeads ? multiplyDims(value[1] ?? null, value[3] ?? null) : (value?.[2] ?? q?.[2] ?? null)
  const keyLength = key?.length === 4 ? (key[2] ?? null) : (key?.[1] ?? null)
  const past = node.has(6) ? (node.shape(6)?.[2] ?? null) : 0
  const total = inHeads ? keyLength : addDims(keyLength, past)
  return [
    tensorFact(dataType, [batch, sequence, hidden]),
    tensorFact(dataType, [batch, heads, total, divideDims(q?.[2] ?? null, heads)]),
    tensorFact(dataType, [batch, heads, total, divideDims(hidden, heads)]),
  ]
}

/** query [B, S, H·D], key and value [B, S, Hk·D] (or all packed in query), past [B, Hk, T, D] */
function groupQueryAttention(node: NodeContext): Fact[] {
  const dataType = node.dataType(0)
  const [batch = null, sequence = null, width = null] = node.shape(0) ?? []
  const [heads, keyHeads] = [node.int('num_heads', 1), node.int('kv_num_heads', 1)]
  const headSize = node.has(1) ? divideDims(width, heads) : divideDims(width, heads + 2 * keyHeads)
  const past = node.shape(3)
  // A fixed-size cache is given back as it is; a growing one has a length only the run knows.
  const total = past?.[2] === 0 ? sequence : null
  const present = tensorFact(node.has(3) ? node.dataType(3) : dataType, [batch, keyHeads, total, headSize])
  return [tensorFact(dataType, [batch, sequence, multiplyDims(headSize, heads)]), present, present]
}

export const attentionRules: RuleTable = {
  Attention: attention,
  RotaryEmbedding: sameAsFirst,
  'com.microsoft:RotaryEmbedding': sameAsFirst,
  'com.microsoft:Attention': packedAttention({ past: 4, dataType: (node) => node.dataType(0) }),
  // input, weights, bias, input scale, weight scale, mask, input zero point, weight zero point, past
  'com.microsoft:QAttention': packedAttention({ past: 8, dataType: (node) => node.dataType(3) }),
  'com.microsoft:LongformerAttention': sameAsFirst,
  'com.microsoft:MultiHeadAttention': multiHeadAttention,
  'com.microsoft:DecoderMaskedMultiHeadAttention': (node) => multiHeadAttention(node).slice(0, 1),
  'com.microsoft:GroupQueryAttention': groupQueryAttention,
  'com.microsoft:SparseAttention': groupQueryAttention,
  // bias table [buckets, heads], query length, key length → [1, heads, query, key]
  'com.microsoft:RelativePositionBias': (node) => [tensorFact(node.dataType(0), [1, node.shape(0)?.[1] ?? null, node.elements(1)?.[0] ?? null, node.elements(2)?.[0] ?? null])],
  'com.microsoft:MoE': sameAsFirst,
  'com.microsoft:QMoE': sameAsFirst,
  // distances between rows: [M, K], [N, K] → [M, N]
  'com.microsoft:CDist': (node) => [tensorFact(node.dataType(0), [node.shape(0)?.[0] ?? null, node.shape(1)?.[0] ?? null])],
  'com.microsoft:WordConvEmbedding': (node) => {
    const from = node.shape(0)
    return [tensorFact(DATA_TYPES.float32.code, from ? [...from.slice(0, -1), node.shape(1)?.[0] ?? null] : null)]
  },
}
