/** Attributes and tensors as commands write them, made records. */
import { AppError } from '../../errors'
import type { AttributeInput, TensorInput } from '../../ipc/edit-commands'
import { makeFloat, makeFloats, makeInt, makeInts, makeString, makeStrings, makeTensor } from '../attributes'
import { DATA_TYPES, rawByteLength } from '../data-type'
import type { Attribute, Graph, Tensor } from '../records'
import type { OpSchema } from '../schema/op-schema'
import { parseType } from '../text/parse-type'
import type { EditFiles } from './edit-context'
import { elementBytes } from './element-bytes'

/** Throws AppError `bad-usage` where the values do not fit the type or the shape. */
export function toTensor(input: TensorInput, name: string, files: EditFiles): Tensor {
  if ('npy' in input) return { ...files.array(input.npy), name }
  const { dtype, dims } = input
  const { code } = DATA_TYPES[dtype]
  const count = dims.reduce((product, dim) => product * dim, 1)
  const wrong = (what: string) => new AppError({ code: 'bad-usage', message: `'${name}' of ${dtype}[${dims.join(',')}] takes ${what}.` })
  if (!Number.isSafeInteger(count)) throw wrong('more elements than can be')
  if ('base64' in input) {
    const bytes = bytesOfBase64(input.base64)
    const expected = rawByteLength(code, count)
    if (expected === null) throw wrong('a list of texts')
    if (bytes.length !== expected) throw wrong(`${expected} bytes, not ${bytes.length}`)
    return { name, dataType: code, dims, data: { kind: 'bytes', bytes } }
  }
  if (input.values.length !== count) throw wrong(`${count} values, not ${input.values.length}`)
  if (dtype === 'string') {
    const encoder = new TextEncoder()
    return { name, dataType: code, dims, data: { kind: 'strings', values: input.values.map((value) => encoder.encode(String(value))) } }
  }
  return { name, dataType: code, dims, data: { kind: 'bytes', bytes: elementBytes(dtype, input.values) } }
}

function bytesOfBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}

export function toAttribute(input: AttributeInput, files: EditFiles): Attribute {
  const { name } = input
  if ('reference' in input) return referenceTo(input.reference, input)
  switch (input.type) {
    case 'float':
      return makeFloat(name, Number(input.value))
    case 'int':
      return makeInt(name, int64(name, input.value))
    case 'string':
      return makeString(name, input.value)
    case 'floats':
      return makeFloats(name, input.value.map(Number))
    case 'ints':
      return makeInts(name, input.value.map((value) => int64(name, value)))
    case 'strings':
      return makeStrings(name, input.value)
    case 'tensor':
      return makeTensor(name, toTensor(input.value, '', files))
    case 'type':
      return { name, type: 'type', value: parseType(input.value) }
  }
}

function referenceTo(reference: string, { name, type }: { name: string; type: Extract<AttributeInput, { reference: string }>['type'] }): Attribute {
  switch (type) {
    case 'float':
      return { name, refAttrName: reference, type, value: 0 }
    case 'int':
      return { name, refAttrName: reference, type, value: 0n }
    case 'string':
      return { name, refAttrName: reference, type, value: new Uint8Array() }
    case 'floats':
    case 'ints':
    case 'strings':
      return { name, refAttrName: reference, type, value: [] }
    case 'tensor':
      return { name, refAttrName: reference, type, value: { name: '', dataType: 0, dims: [0], data: { kind: 'bytes', bytes: new Uint8Array() } } }
  }
}

function int64(name: string, value: number | string): bigint {
  const integer = BigInt(value)
  if (BigInt.asIntN(64, integer) === integer) return integer
  throw new AppError({ code: 'bad-usage', message: `Attribute '${name}' is out of the range of int64: ${value}.` })
}

/** Throws `bad-usage` where the operator has no such attribute, or one of another type. */
export function requireFits(schema: OpSchema | null, attribute: Attribute): void {
  if (!schema) return
  const known = schema.attributes.get(attribute.name)
  if (!known) {
    const names = [...schema.attributes.keys()]
    throw new AppError({
      code: 'bad-usage',
      message: `${schema.opType} has no attribute '${attribute.name}'.`,
      hint: names.length > 0 ? `It has ${names.join(', ')}.` : 'It has none.',
    })
  }
  if (known.type !== attribute.type) {
    throw new AppError({ code: 'bad-usage', message: `Attribute '${attribute.name}' of ${schema.opType} is of type ${known.type}, not ${attribute.type}.` })
  }
}

/** Attributes the operator requires and the node lacks: subgraphs are begun empty, of others the person must say the value. */
export function requiredAttributes(schema: OpSchema, given: readonly Attribute[], newGraph: (name: string) => Graph): Attribute[] {
  const missing = [...schema.attributes.values()].filter(({ name, required }) => required && !given.some((attribute) => attribute.name === name))
  const unsaid = missing.filter(({ type }) => type !== 'graph')
  if (unsaid.length > 0) {
    const names = unsaid.map(({ name, type }) => `${name} (${type})`).join(', ')
    throw new AppError({ code: 'bad-usage', message: unsaid.length === 1 ? `${schema.opType} needs the attribute ${names}.` : `${schema.opType} needs the attributes ${names}.` })
  }
  return missing.map(({ name }) => ({ name, type: 'graph', value: newGraph(name) }))
}
