import { describe, expect, test } from 'vitest'
import { attributeDefault, knownOps, newestOpset, opSchema, opVersions, parameterAt, runtimeIrVersion, runtimeOpset } from './op-schema'

describe('the schema in force', () => {
  test('is the newest one that is not newer than the opset', () => {
    expect(opVersions('', 'Conv')).toEqual([1, 11, 22])
    expect(opSchema('', 'Conv', 10)?.sinceVersion).toBe(1)
    expect(opSchema('', 'Conv', 11)?.sinceVersion).toBe(11)
    expect(opSchema('ai.onnx', 'Conv', 21)).toBe(opSchema('', 'Conv', 11))
  })

  test('is null before the operator existed, and for operators and domains nobody knows', () => {
    expect(opSchema('', 'Gelu', 19)).toBeNull()
    expect(opSchema('', 'constructor', 17)).toBeNull()
    expect(opSchema('com.acme', 'Conv', 17)).toBeNull()
  })

  test('tells inputs, their options and their types', () => {
    const conv = opSchema('', 'Conv', 11)
    expect(conv?.inputs.map(({ name, option }) => [name, option])).toEqual([['X', 'single'], ['W', 'single'], ['B', 'optional']])
    expect(conv?.inputs[0]).toMatchObject({ typeName: 'T', types: ['tensor(double)', 'tensor(float)', 'tensor(float16)'] })
    expect(conv).toMatchObject({ minInputs: 2, maxInputs: 3, minOutputs: 1, maxOutputs: 1, deprecated: false })
    expect(opSchema('', 'TopK', 11)?.inputs[1]?.types).toEqual(['tensor(int64)'])
  })

  test('lets the last parameter stand for the rest only where it is variadic', () => {
    const concat = opSchema('', 'Concat', 13)
    expect(concat?.maxInputs).toBe(Infinity)
    expect(parameterAt(concat?.inputs ?? [], 7)).toMatchObject({ name: 'inputs', homogeneous: true })
    expect(parameterAt(opSchema('', 'Loop', 13)?.outputs ?? [], 3)).toMatchObject({ option: 'variadic', homogeneous: false })
    expect(parameterAt(opSchema('', 'Relu', 13)?.inputs ?? [], 1)).toBeNull()
  })

  test('tells attributes with their types, whether they are required, and their defaults', () => {
    const gemm = opSchema('', 'Gemm', 13)
    expect(gemm && attributeDefault(gemm, 'alpha')).toEqual({ type: 'float', value: 1 })
    expect(gemm && attributeDefault(gemm, 'transB')).toEqual({ type: 'int', value: 0n })
    expect(opSchema('', 'Cast', 13)?.attributes.get('to')).toEqual({ name: 'to', type: 'int', required: true, default: null })
    const elu = opSchema('', 'LeakyRelu', 16)
    expect(elu && attributeDefault(elu, 'alpha')).toEqual({ type: 'float', value: Math.fround(0.01) })
    expect(opSchema('', 'RNN', 14)?.attributes.get('activations')?.default).toEqual({ type: 'strings', value: [new TextEncoder().encode('Tanh'), new TextEncoder().encode('Tanh')] })
    expect(opSchema('', 'If', 16)?.attributes.get('then_branch')).toMatchObject({ type: 'graph', required: true })
    expect(opSchema('', 'Optional', 15)?.attributes.get('type')?.type).toBe('type')
    expect(opSchema('', 'Constant', 13)?.attributes.get('sparse_value')?.type).toBe('sparse-tensor')
  })

  test('marks what ONNX has taken out', () => {
    expect(opSchema('', 'Upsample', 9)?.deprecated).toBe(false)
    expect(opSchema('', 'Upsample', 10)?.deprecated).toBe(true)
  })

  test("covers onnxruntime's own operators, and early forms of ONNX's that only it has", () => {
    expect(opSchema('com.microsoft', 'MatMulNBits', 1)?.attributes.get('K')).toMatchObject({ type: 'int', required: true })
    expect(opSchema('', 'LayerNormalization', 12)?.sinceVersion).toBe(1)
  })
})

test('every entry of the table parses', () => {
  for (const { domain, opType } of knownOps()) {
    for (const version of opVersions(domain, opType)) {
      const schema = opSchema(domain, opType, version)
      expect(schema?.sinceVersion, `${domain}:${opType}`).toBe(version)
      for (const parameter of [...(schema?.inputs ?? []), ...(schema?.outputs ?? [])]) expect(parameter.types.length, `${opType} ${parameter.name}`).toBeGreaterThan(0)
    }
  }
  expect(knownOps().length).toBeGreaterThan(350)
  expect(newestOpset('ai.onnx')).toBeGreaterThanOrEqual(25)
  expect(newestOpset('com.acme')).toBeNull()
})

test('what onnxruntime loads is never newer than what the table covers', () => {
  for (const domain of ['', 'ai.onnx.ml', 'com.microsoft']) expect(runtimeOpset(domain), domain).toBeLessThanOrEqual(newestOpset(domain) ?? 0)
  expect(runtimeOpset('')).toBeGreaterThanOrEqual(25)
  expect(runtimeIrVersion).toBeGreaterThanOrEqual(12)
  expect(runtimeOpset('com.acme')).toBeNull()
})
