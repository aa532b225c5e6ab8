import { DATA_TYPES } from '../../data-type'
import type { Dim } from '../../records'
import { broadcastShapes } from '../dims'
import { type Fact, tensorFact } from '../fact'
import type { NodeContext, RuleTable } from '../node-context'

const { string, float32, bool, int64, uint8 } = DATA_TYPES

/** [C] or [1, C]; stop words are dropped, so the count is known only without them. */
function normalize(node: NodeContext): Fact[] {
  const from = node.shape(0)
  const drops = node.listLength('stopwords') > 0
  return [tensorFact(string.code, from?.map((dim, axis): Dim => (drops && axis === from.length - 1 ? null : dim)) ?? null)]
}

/** [C] → [features], [N, C] → [N, features] */
function tfIdf(node: NodeContext): Fact[] {
  const from = node.shape(0)
  const indexes = node.ints('ngram_indexes')
  const features = indexes && indexes.length > 0 ? Math.max(...indexes) + 1 : null
  return [tensorFact(float32.code, from ? [...from.slice(0, -1), features] : null)]
}

function appendAxis(node: NodeContext): Fact[] {
  const from = node.shape(0)
  return [tensorFact(string.code, from ? [...from, null] : null)]
}

export const textRules: RuleTable = {
  StringNormalizer: normalize,
  TfIdfVectorizer: tfIdf,
  StringConcat: (node) => [tensorFact(string.code, broadcastShapes([node.shape(0), node.shape(1)]))],
  StringSplit: (node) => [...appendAxis(node), tensorFact(int64.code, node.shape(0))],
  RegexFullMatch: (node) => [tensorFact(bool.code, node.shape(0))],
  // Encoded bytes [n] → [height, width, channels]
  ImageDecoder: (node) => [tensorFact(uint8.code, [null, null, node.string('pixel_format') === 'Grayscale' ? 1 : 3])],
  'com.microsoft:Tokenizer': appendAxis,
  'com.microsoft:MurmurHash3': (node) => [tensorFact(node.int('positive', 1) ? DATA_TYPES.uint32.code : DATA_TYPES.int32.code, node.shape(0))],
}
