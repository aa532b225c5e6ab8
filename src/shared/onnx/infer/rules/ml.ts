/** ai.onnx.ml: trees, linear models and their feature preparation. Most take [N, features], or [features] as N = 1. */
import { DATA_TYPES } from '../../data-type'
import type { Dim, ValueType } from '../../records'
import { type Fact, sequenceFact, tensorFact } from '../fact'
import type { NodeContext, Rule, RuleTable } from '../node-context'

const { float32, int64, string } = DATA_TYPES

function rowCount(node: NodeContext): Dim {
  const from = node.shape(0)
  return from ? (from.length < 2 ? 1 : (from[0] ?? null)) : null
}

function labelType(node: NodeContext): number {
  return node.listLength('classlabels_strings') > 0 ? string.code : int64.code
}

function labelCount(node: NodeContext): number | null {
  return node.listLength('classlabels_strings') || node.listLength('classlabels_int64s') || node.listLength('classlabels_ints') || null
}

function classifier(scores: (node: NodeContext) => Dim): Rule {
  return (node) => [tensorFact(labelType(node), [rowCount(node)]), tensorFact(float32.code, [rowCount(node), scores(node)])]
}

/** One row of coefficients stands for two classes. */
function linearScores(node: NodeContext): Dim {
  const rows = node.listLength('intercepts')
  return rows === 1 && labelCount(node) === 2 ? 2 : rows || labelCount(node)
}

function regressor(targets: (node: NodeContext) => Dim): Rule {
  return (node) => [tensorFact(float32.code, [rowCount(node), targets(node)])]
}

/** TreeEnsemble (version 5) keeps the input's type, the ops it replaces gave float. */
function treeEnsemble(node: NodeContext): Fact[] {
  return [tensorFact(node.dataType(0), [rowCount(node), node.int('n_targets', 1)])]
}

function toFloat(node: NodeContext): Fact[] {
  return [tensorFact(float32.code, node.shape(0))]
}

function sameType(node: NodeContext): Fact[] {
  return [tensorFact(node.dataType(0), node.shape(0))]
}

function labelEncoder(node: NodeContext): Fact[] {
  const shape = node.shape(0)
  // The first version only knew strings and their numbers.
  if (node.opset < 2) return [tensorFact(node.dataType(0) === string.code ? int64.code : string.code, shape)]
  const tensor = node.tensor('values_tensor')
  const lists: [string, number][] = [['values_floats', float32.code], ['values_int64s', int64.code], ['values_strings', string.code]]
  return [tensorFact(tensor?.dataType ?? lists.find(([name]) => node.listLength(name) > 0)?.[1] ?? 0, shape)]
}

function oneHotEncoder(node: NodeContext): Fact[] {
  const from = node.shape(0)
  return [tensorFact(float32.code, from ? [...from, node.listLength('cats_int64s') || node.listLength('cats_strings')] : null)]
}

function featureVectorizer(node: NodeContext): Fact[] {
  const widths = node.ints('inputdimensions')
  return [tensorFact(float32.code, [rowCount(node), widths ? widths.reduce((sum, width) => sum + width, 0) : null])]
}

function arrayFeatureExtractor(node: NodeContext): Fact[] {
  const [from, indices] = [node.shape(0), node.shape(1)]
  if (!from) return [tensorFact(node.dataType(0), null)]
  const count = indices ? (indices.at(-1) ?? (indices.length === 0 ? 1 : null)) : null
  return [tensorFact(node.dataType(0), from.length === 1 ? [1, count] : [...from.slice(0, -1), count])]
}

function zipMap(node: NodeContext): Fact[] {
  const keyType = node.listLength('classlabels_strings') > 0 ? string.code : int64.code
  const value: ValueType = { kind: 'tensor', dataType: float32.code, shape: [] }
  return [sequenceFact({ kind: 'map', keyType, value })]
}

function castMap(node: NodeContext): Fact[] {
  const to = { TO_FLOAT: float32.code, TO_STRING: string.code, TO_INT64: int64.code }[node.string('cast_to') ?? 'TO_FLOAT'] ?? 0
  return [tensorFact(to, [1, node.string('map_form') === 'SPARSE' ? node.int('max_map', 1) : null])]
}

function dictVectorizer(node: NodeContext): Fact[] {
  const type = node.type(0)
  const value = type?.kind === 'map' && type.value?.kind === 'tensor' ? type.value.dataType : 0
  return [tensorFact(value, [1, node.listLength('string_vocabulary') || node.listLength('int64_vocabulary') || null])]
}

const rules: RuleTable = {
  TreeEnsembleClassifier: classifier(labelCount),
  TreeEnsembleRegressor: regressor((node) => node.int('n_targets', 1)),
  TreeEnsemble: treeEnsemble,
  LinearClassifier: classifier(linearScores),
  LinearRegressor: regressor((node) => node.int('targets', 1)),
  SVMClassifier: classifier(() => null),
  SVMRegressor: regressor(() => 1),
  Scaler: toFloat,
  Normalizer: toFloat,
  Binarizer: sameType,
  Imputer: sameType,
  LabelEncoder: labelEncoder,
  CategoryMapper: (node) => [tensorFact(node.dataType(0) === string.code ? int64.code : string.code, node.shape(0))],
  OneHotEncoder: oneHotEncoder,
  FeatureVectorizer: featureVectorizer,
  ArrayFeatureExtractor: arrayFeatureExtractor,
  ZipMap: zipMap,
  CastMap: castMap,
  DictVectorizer: dictVectorizer,
}

export const mlRules: RuleTable = Object.fromEntries(Object.entries(rules).map(([name, rule]) => [`ai.onnx.ml:${name}`, rule]))
