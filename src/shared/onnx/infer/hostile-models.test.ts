import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ModelDocument } from '../document'
import type { Attribute, Dim, Model, Node } from '../records'
import { bytesOf, rawTensor } from '../tensor-data'
import { buildModel } from '../testing/build-model'
import { inferTypes } from './infer-types'
import { modelMacs } from './macs'
import { ruleNames } from './rules'

const dim = fc.oneof(fc.integer({ min: -2, max: 9 }), fc.constantFrom<Dim>('n', '', '?', null, 2 ** 31, 2 ** 53, 1e300))
const input = fc.record({ dataType: fc.integer({ min: 0, max: 30 }), shape: fc.option(fc.array(dim, { maxLength: 6 })) })
const constant = fc.array(fc.oneof(fc.bigInt({ min: -4n, max: 9n }), fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 31n)), { maxLength: 6 })

const ATTRIBUTE_NAMES = [
  'axis', 'axes', 'perm', 'k', 'to', 'keepdims', 'kernel_shape', 'strides', 'pads', 'dilations', 'group', 'auto_pad', 'output_shape', 'equation', 'blocksize', 'split', 'starts', 'ends', 'num_outputs',
  'shape', 'scales', 'num_heads', 'qkv_hidden_sizes', 'hidden_size', 'batch_dims', 'channels_last', 'q_num_heads', 'kv_num_heads', 'start', 'end', 'N', 'num_scan_inputs', 'inputdimensions', 'border',
]
const attribute: fc.Arbitrary<Attribute> = fc.record({ name: fc.constantFrom(...ATTRIBUTE_NAMES), value: fc.oneof(fc.bigInt({ min: -9n, max: 9n }), fc.array(fc.bigInt({ min: -9n, max: 9n }), { maxLength: 6 }), fc.string({ maxLength: 8 })) }).map(({ name, value }) => {
  if (typeof value === 'bigint') return { name, type: 'int', value }
  return typeof value === 'string' ? { name, type: 'string', value: new TextEncoder().encode(value) } : { name, type: 'ints', value }
})

const sketch = fc.record({
  opset: fc.constantFrom(1, 6, 8, 9, 11, 13, 18, 23),
  inputs: fc.array(input, { minLength: 1, maxLength: 4 }),
  constants: fc.array(constant, { minLength: 1, maxLength: 4 }),
  nodes: fc.array(fc.record({ op: fc.constantFrom(...ruleNames()), reads: fc.array(fc.nat(), { maxLength: 6 }), attributes: fc.array(attribute, { maxLength: 5 }) }), { minLength: 1, maxLength: 12 }),
})

test('no model makes inference throw or hang, whatever its sizes, attributes and inputs', () => {
  fc.assert(
    fc.property(sketch, (given) => {
      const document = new ModelDocument(build(given))
      const types = inferTypes(document)
      modelMacs(document, types)
      for (const node of document.model.graph.nodes) {
        for (const name of node.outputs) {
          const type = types.typeOf(document.model.graph, name)
          expect(type?.kind === 'tensor' ? (type.shape?.length ?? 0) : 0).toBeLessThanOrEqual(64)
        }
      }
    }),
    { numRuns: 3000 },
  )
})

type Sketch = typeof sketch extends fc.Arbitrary<infer T> ? T : never

function build({ opset, inputs, constants, nodes }: Sketch): Model {
  const names = [...inputs.map((_, at) => `i${at}`), ...constants.map((_, at) => `c${at}`), '']
  const made = nodes.map(({ op, reads, attributes }, at): Node => {
    const [domain, opType] = op.includes(':') ? op.split(':') : ['', op]
    const read = reads.map((which) => names[which % names.length] ?? '')
    names.push(`v${at}`, `w${at}`)
    return { id: at + 1, name: '', domain: domain ?? '', opType: opType ?? '', inputs: read, outputs: [`v${at}`, `w${at}`], attributes }
  })
  const model = buildModel({ opset, opsets: { 'com.microsoft': 1, 'ai.onnx.ml': 3 }, nodes: [] })
  const graph = {
    ...model.graph,
    inputs: inputs.map(({ dataType, shape }, at) => ({ name: `i${at}`, type: { kind: 'tensor' as const, dataType, ...(shape && { shape }) } })),
    initializers: constants.map((values, at) => rawTensor(`c${at}`, 'int64', [values.length], bytesOf(BigInt64Array.from(values)))),
    nodes: made,
  }
  return { ...model, graph }
}
