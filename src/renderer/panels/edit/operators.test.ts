import { describe, expect, it } from 'vitest'
import { addableOperators, customOperator, defaultText, findOperators, schemaFor } from './operators'

const opsets = [{ domain: '', version: 13 }]
const operators = addableOperators(opsets)
const names = (search: string) => findOperators(operators, search).map(({ domain, opType }) => (domain === '' ? opType : `${domain}.${opType}`))

describe('the palette of operators', () => {
  it('has what the model’s opset has, of ONNX and onnxruntime', () => {
    expect(names('relu')[0]).toBe('Relu')
    expect(names('FusedConv')).toContain('com.microsoft.FusedConv')
    // Came with opset 20.
    expect(names('Gelu')).not.toContain('Gelu')
    expect(addableOperators([{ domain: '', version: 20 }]).some(({ domain, opType }) => domain === '' && opType === 'Gelu')).toBe(true)
  })

  it('puts the name asked for first, then those that begin with it', () => {
    expect(names('conv').slice(0, 1)).toEqual(['Conv'])
    expect(names('conv')).toContain('ConvTranspose')
    expect(names('conv').indexOf('ConvTranspose')).toBeLessThan(names('conv').indexOf('com.microsoft.FusedConv'))
    expect(names('no such operator')).toEqual([])
  })

  it('takes operators of somebody’s own with their domain, and no known or plain names', () => {
    expect(customOperator(operators, 'my.domain.Foo')).toEqual({ domain: 'my.domain', opType: 'Foo', category: 'other' })
    expect(customOperator(operators, ' acme::Resample2 ')).toMatchObject({ domain: 'acme', opType: 'Resample2' })
    expect(customOperator(operators, 'com.microsoft.FusedConv')).toBe(null)
    expect([customOperator(operators, 'Foo'), customOperator(operators, 'my domain.Foo'), customOperator(operators, 'my.domain.')]).toEqual([null, null, null])
  })

  it('shows defaults as they are typed', () => {
    const conv = schemaFor('', 'LeakyRelu', opsets)?.attributes.get('alpha')
    const mode = schemaFor('', 'Resize', opsets)?.attributes.get('mode')
    if (conv === undefined || mode === undefined) throw new Error('the schema table lacks them')
    expect(Number(defaultText(conv))).toBeCloseTo(0.01)
    expect(defaultText(mode)).toBe('nearest')
  })
})
