import { expect, test } from 'vitest'
import { opCategory } from './op-category'
import { knownOps } from './op-schema'

test('operators fall into the family people expect', () => {
  expect(opCategory('', 'Conv')).toBe('layer')
  expect(opCategory('ai.onnx', 'Relu')).toBe('activation')
  expect(opCategory('com.microsoft', 'QLinearAdd')).toBe('math')
  expect(opCategory('ai.onnx.ml', 'TreeEnsembleClassifier')).toBe('tree-ml')
  expect(opCategory('com.microsoft.nchwc', 'ReorderInput')).toBe('shape')
})

test('an operator of a foreign domain is other, whatever its name', () => {
  expect(opCategory('com.acme', 'Conv')).toBe('other')
})

test('every numeric operator of the table has a family', () => {
  const others = knownOps().filter(({ domain, opType }) => opCategory(domain, opType) === 'other').map(({ opType }) => opType)
  expect(others.toSorted()).toEqual([
    'DynamicTimeWarping', 'ImageDecoder', 'MurmurHash3', 'NGramHashMapping', 'NGramRepeatBlock', 'RegexFullMatch', 'SampleOp', 'StringConcat', 'StringNormalizer', 'StringSplit', 'TfIdfVectorizer', 'Tokenizer',
  ])
})
