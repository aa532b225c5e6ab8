/** Ops whose output does not come from a tensor's elements: constants, ranges, random numbers, windows. */
import { DATA_TYPES } from '../../data-type'
import type { Dim } from '../../records'
import { dimsOfRank, elementCountOf } from '../dims'
import { castElement } from '../element-math'
import { type Fact, isFloat, MAX_ELEMENTS, tensorFact } from '../fact'
import type { NodeContext, RuleTable } from '../node-context'
import { tensorElements } from '../tensor-elements'

const { float32, int64, string, int32 } = DATA_TYPES

function constant(node: NodeContext): (Fact | null)[] {
  for (const { name } of node.node.attributes) {
    const attribute = node.attribute(name)
    switch (attribute?.type) {
      case 'tensor':
        return [{ type: { kind: 'tensor', dataType: attribute.value.dataType, shape: attribute.value.dims }, constant: attribute.value }]
      case 'sparse-tensor':
        return [tensorFact(attribute.value.values.dataType, attribute.value.dims)]
      case 'float':
        return [tensorFact(float32.code, [], [attribute.value])]
      case 'int':
        return [tensorFact(int64.code, [], [Number(attribute.value)])]
      case 'floats':
        return [tensorFact(float32.code, [attribute.value.length], attribute.value)]
      case 'ints':
        return [tensorFact(int64.code, [attribute.value.length], attribute.value.map(Number))]
      case 'string':
        return [tensorFact(string.code, [])]
      case 'strings':
        return [tensorFact(string.code, [attribute.value.length])]
      default:
    }
  }
  return []
}

function constantOfShape(node: NodeContext): Fact[] {
  const value = node.tensor('value')
  const dataType = value?.dataType ?? float32.code
  const dims = node.elements(0)
  const rank = node.shape(0)?.[0]
  if (!dims) return [tensorFact(dataType, dimsOfRank(rank))]
  const count = elementCountOf(dims)
  const element = value ? (tensorElements(value)?.[0] ?? null) : 0
  return [tensorFact(dataType, dims, count !== null && count <= MAX_ELEMENTS ? Array.from({ length: count }, () => element) : null)]
}

function range(node: NodeContext): Fact[] {
  const dataType = node.dataType(0)
  const [start = null, limit = null, delta = null] = [0, 1, 2].map((at) => node.elements(at)?.[0])
  if (typeof start !== 'number' || typeof limit !== 'number' || typeof delta !== 'number') {
    return [tensorFact(dataType, [start === 0 && delta === 1 ? limit : null])]
  }
  const count = Math.max(0, Math.ceil((limit - start) / delta))
  if (!Number.isFinite(count)) return [tensorFact(dataType, [null])]
  const elements = count <= MAX_ELEMENTS && !isFloat(dataType) ? Array.from({ length: count }, (_, at): Dim => castElement(start + at * delta, dataType)) : null
  return [tensorFact(dataType, [count], elements)]
}

function randomOfShape(node: NodeContext): Fact[] {
  return [tensorFact(node.int('dtype', float32.code), node.ints('shape'))]
}

function multinomial(node: NodeContext): Fact[] {
  return [tensorFact(node.int('dtype', int32.code), [node.shape(0)?.[0] ?? null, node.int('sample_size', 1)])]
}

function signalWindow(node: NodeContext): Fact[] {
  return [tensorFact(node.int('output_datatype', float32.code), [node.elements(0)?.[0] ?? null])]
}

/** num_mel_bins, dft_length → [dft_length / 2 + 1, num_mel_bins] */
function melWeights(node: NodeContext): Fact[] {
  const [bins = null, length = null] = [0, 1].map((at) => node.elements(at)?.[0])
  return [tensorFact(node.int('output_datatype', float32.code), [typeof length === 'number' ? Math.floor(length / 2) + 1 : null, bins])]
}

export const generatorRules: RuleTable = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  'com.microsoft:Range': range,
  RandomNormal: randomOfShape,
  RandomUniform: randomOfShape,
  Multinomial: multinomial,
  HannWindow: signalWindow,
  HammingWindow: signalWindow,
  BlackmanWindow: signalWindow,
  MelWeightMatrix: melWeights,
}
