import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import { parseModelText } from '#shared/onnx/text/parse-text'
import { opSchema } from '#shared/onnx/schema/op-schema'
import { findAppRoot } from '../host/app-root'
import { openModelFile } from '../runtime/model-file'
import { checkUsability, type ProviderTables, readProviderTables } from './check-usability'

const appRoot = findAppRoot(import.meta.dirname)
const tables = readProviderTables(appRoot)

function check(text: string, provider: string) {
  const document = new ModelDocument(parseModelText(`<ir_version: 8, opset_import: ["" : 17]>\n${text}`).value)
  const found = checkUsability({ document, types: inferTypes(document) }, tables).providers.find((result) => result.provider === provider)
  if (!found) throw new Error(`no ${provider}`)
  return found
}

test('a node in the middle that is not taken cuts the graph in two', () => {
  const found = check('g (float[1,8] x) => (float[1,8] y) { a = Relu(x) b = Relu(a) c = Acosh(b) d = Relu(c) y = Sigmoid(d) }', 'nnapi')
  expect(found).toMatchObject({ supportedNodes: 4, partitions: 2 })
  expect(found.supported.map(({ partition }) => partition)).toEqual([0, 0, 1, 1])
  expect(found.unsupported).toEqual([expect.objectContaining({ opType: 'Acosh', reason: { code: 'operator', found: 'Acosh', wanted: '' } })])
})

test('a branch beside the node that is not taken belongs to the first part', () => {
  const found = check('g (float[1,8] x) => (float[1,8] y) { a = Relu(x) b = Acosh(a) c = Relu(a) d = Sigmoid(c) y = Add(b, d) }', 'nnapi')
  expect(found.partitions).toBe(2)
  expect(found.supported).toHaveLength(4)
  expect(found.supported.filter(({ partition }) => partition === 0)).toHaveLength(3)
})

test.each([
  ['nnapi', 'g (float[1,N] x) => (float[1,N] y) { y = Relu(x) }', { code: 'symbols' }],
  ['nnapi', 'g (float16[1,8] x) => (float16[1,8] y) { y = Relu(x) }', { code: 'data-type', found: 'float16' }],
  ['xnnpack', 'g (float[1,3,8] x, float[4,3,1] w) => (float[1,4,8] y) { y = Conv(x, w) }', { code: 'rank', found: '3', wanted: '4' }],
  ['xnnpack', 'g (float[1,3,8,8] x, float[4,3,1,1] w) => (float[1,4,8,8] y) { y = Conv(x, w) }', { code: 'constant', found: 'w', wanted: '1' }],
  ['nnapi', 'g (float[1,8,2,2] x) => (float[1,2,4,4] y) { y = DepthToSpace<blocksize: int = 2, mode: string = "CRD">(x) }', { code: 'attribute', found: 'mode=CRD', wanted: 'DCR' }],
])('%s says why it does not take a node', (provider, text, reason) => {
  expect(check(text, provider).unsupported).toEqual([expect.objectContaining({ reason: expect.objectContaining(reason) as unknown })])
})

test('a default that a table asks for need not be written down', () => {
  expect(check('g (float[1,8,2,2] x) => (float[1,2,4,4] y) { y = DepthToSpace<blocksize: int = 2>(x) }', 'nnapi').unsupported).toEqual([])
})

test('every operator of the tables exists', () => {
  for (const { id, operators } of tables.providers satisfies ProviderTables['providers']) {
    for (const key of Object.keys(operators)) {
      const [domain, opType] = key.includes(':') ? (key.split(':') as [string, string]) : ['', key]
      const known = opSchema(domain, opType, domain === '' ? 25 : 1)
      // SimplifiedLayerNormalization is onnxruntime's own in ONNX's domain; ConvInteger and the like are in the schemas.
      if (opType !== 'SimplifiedLayerNormalization') expect(known, `${id}: ${key}`).not.toBeNull()
    }
  }
})

test('the sample runs on every provider but for what XNNPACK lacks, and shares of work add up', () => {
  const file = openModelFile(join(appRoot, 'resources/samples/digits/resnet.onnx'))
  try {
    const document = new ModelDocument(file.model)
    const { nodes, providers } = checkUsability({ document, types: inferTypes(document, { dims: { N: 1, batch: 1 } }) }, tables)
    for (const found of providers) {
      expect(found.supported.length + found.unsupported.length).toBe(nodes)
      expect(found.supportedMacs).toBeGreaterThanOrEqual(0)
      expect(found.supportedMacs).toBeLessThanOrEqual(1)
    }
    const of = (provider: string) => providers.find((found) => found.provider === provider)
    expect(of('webgpu')?.supportedMacs).toBe(1)
    expect(of('xnnpack')?.partitions).toBeGreaterThan(1)
  } finally {
    file.close()
  }
})
