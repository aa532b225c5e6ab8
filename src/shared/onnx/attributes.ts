/** Typed access to attributes, and making them. */
import { AppError } from '../errors'
import type { Attribute, Graph, Tensor } from './records'

/** A node, or anything else that has attributes. */
export interface AttributeHolder {
  readonly name?: string
  readonly opType?: string
  readonly attributes: readonly Attribute[]
}

export function findAttribute(node: AttributeHolder, name: string): Attribute | null {
  return node.attributes.find((attribute) => attribute.name === name) ?? null
}

/**
 * Attribute `name` as a number, or the fallback where the node has none, or takes it from an enclosing function.
 * Throws `invalid-model` where it is of another type or no safe integer. So do the others below.
 */
export function intAttribute<F extends number | null>(node: AttributeHolder, name: string, fallback: F): number | F {
  const attribute = valueOf(node, name, 'int')
  return attribute ? toNumber(node, name, attribute.value) : fallback
}

export function intsAttribute<F extends readonly number[] | null>(node: AttributeHolder, name: string, fallback: F): readonly number[] | F {
  const attribute = valueOf(node, name, 'ints')
  return attribute ? attribute.value.map((value) => toNumber(node, name, value)) : fallback
}

export function floatAttribute<F extends number | null>(node: AttributeHolder, name: string, fallback: F): number | F {
  return valueOf(node, name, 'float')?.value ?? fallback
}

export function floatsAttribute<F extends readonly number[] | null>(node: AttributeHolder, name: string, fallback: F): readonly number[] | F {
  return valueOf(node, name, 'floats')?.value ?? fallback
}

/** Read as UTF-8. */
export function stringAttribute<F extends string | null>(node: AttributeHolder, name: string, fallback: F): string | F {
  const attribute = valueOf(node, name, 'string')
  return attribute ? utf8.decode(attribute.value) : fallback
}

export function tensorAttribute(node: AttributeHolder, name: string): Tensor | null {
  return valueOf(node, name, 'tensor')?.value ?? null
}

/** Throws a plain Error for a value that is no integer. */
export function makeInt(name: string, value: number | bigint): Attribute {
  return { name, type: 'int', value: BigInt(value) }
}

export function makeInts(name: string, values: readonly (number | bigint)[]): Attribute {
  return { name, type: 'ints', value: values.map(BigInt) }
}

/** The value is rounded to float32, which is what the file can hold. */
export function makeFloat(name: string, value: number): Attribute {
  return { name, type: 'float', value: Math.fround(value) }
}

export function makeFloats(name: string, values: readonly number[]): Attribute {
  return { name, type: 'floats', value: values.map(Math.fround) }
}

export function makeString(name: string, value: string): Attribute {
  return { name, type: 'string', value: new TextEncoder().encode(value) }
}

export function makeStrings(name: string, values: readonly string[]): Attribute {
  const encoder = new TextEncoder()
  return { name, type: 'strings', value: values.map((value) => encoder.encode(value)) }
}

export function makeTensor(name: string, value: Tensor): Attribute {
  return { name, type: 'tensor', value }
}

export function makeGraph(name: string, value: Graph): Attribute {
  return { name, type: 'graph', value }
}

const utf8 = new TextDecoder()

function valueOf<T extends Attribute['type']>(node: AttributeHolder, name: string, type: T): Extract<Attribute, { readonly type: T }> | null {
  const attribute = findAttribute(node, name)
  if (!attribute || attribute.refAttrName || attribute.type === 'undefined') return null
  if (!isOfType(attribute, type)) {
    throw new AppError({ code: 'invalid-model', message: `Attribute '${name}' of ${label(node)} is of type ${attribute.type}, not ${type}.` })
  }
  return attribute
}

function isOfType<T extends Attribute['type']>(attribute: Attribute, type: T): attribute is Extract<Attribute, { readonly type: T }> {
  return attribute.type === type
}

function toNumber(node: AttributeHolder, name: string, value: bigint): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw new AppError({ code: 'invalid-model', message: `Attribute '${name}' of ${label(node)} is out of range: ${value}.` })
  return number
}

function label(node: AttributeHolder): string {
  return `${node.opType ?? 'a function'} '${node.name ?? ''}'`
}
