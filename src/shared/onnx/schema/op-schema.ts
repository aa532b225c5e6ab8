/**
 * What ONNX and onnxruntime say about each operator, version by version. The facts are in `op-schemas.json`, written by
 * `tests/bench/peers/dump_op_schemas.py`; an entry is parsed when it is first asked for.
 *
 * Parameters there read `name:T` with `?` optional, `*` variadic, `~` variadic of mixed types; attributes
 * `name:type`, `!` where required, `=default`; constraints `T=index into typeLists`.
 */
import type { AttributeValue } from '../records'
import table from './op-schemas.json'

export interface ParameterSchema {
  readonly name: string
  /** The name of a type constraint (`T`), or a type. Parameters with the same constraint have the same type. */
  readonly typeName: string
  /** Types it may have, as ONNX writes them: `tensor(float)`, `seq(tensor(int64))`. */
  readonly types: readonly string[]
  readonly option: 'single' | 'optional' | 'variadic'
  /** Of a variadic parameter: whether all of it has one type. */
  readonly homogeneous: boolean
}

export interface AttributeSchema {
  readonly name: string
  readonly type: AttributeValue['type']
  readonly required: boolean
  readonly default: AttributeValue | null
}

export interface OpSchema {
  readonly domain: string
  readonly opType: string
  /** The opset version that brought this form of the operator. */
  readonly sinceVersion: number
  /** True where this version says not to use the operator any more; onnxruntime then refuses it. */
  readonly deprecated: boolean
  readonly inputs: readonly ParameterSchema[]
  readonly outputs: readonly ParameterSchema[]
  /** Bounds on the length of a node's input and output lists; `Infinity` for variadic ones. */
  readonly minInputs: number
  readonly maxInputs: number
  readonly minOutputs: number
  readonly maxOutputs: number
  readonly attributes: ReadonlyMap<string, AttributeSchema>
}

interface Entry {
  readonly since: number
  readonly arity: readonly number[]
  readonly in: readonly string[]
  readonly out: readonly string[]
  readonly attrs: readonly string[]
  readonly types: readonly string[]
  readonly deprecated?: boolean
}

const entries: Readonly<Record<string, readonly Entry[]>> = table.ops
const newest: Readonly<Record<string, number>> = table.versions
const accepted: Readonly<Record<string, number>> = table.runtime.opsets
const parsed = new Map<Entry, OpSchema>()

/**
 * The schema in force at `opsetVersion` of the domain, or null where the domain or the operator is unknown or came later.
 * An operator taken out of ONNX gives a schema with `deprecated` set.
 */
export function opSchema(domain: string, opType: string, opsetVersion: number): OpSchema | null {
  const key = `${plainDomain(domain)}:${opType}`
  const entry = entriesOf(key).findLast(({ since }) => since <= opsetVersion)
  if (!entry) return null
  let schema = parsed.get(entry)
  if (!schema) {
    schema = parseEntry(plainDomain(domain), opType, entry)
    parsed.set(entry, schema)
  }
  return schema
}

/** The versions of the domain at which the operator appeared or changed, oldest first; empty for an unknown operator. */
export function opVersions(domain: string, opType: string): number[] {
  return entriesOf(`${plainDomain(domain)}:${opType}`).map(({ since }) => since)
}

/** The newest version of a domain that the table covers, or null for a domain it does not know. */
export function newestOpset(domain: string): number | null {
  const name = plainDomain(domain)
  return Object.hasOwn(newest, name) ? (newest[name] ?? null) : null
}

/** The onnxruntime that the table describes, and the newest file format (`ir_version`) it reads. */
export const runtimeVersion = table.sources.onnxruntime
export const runtimeIrVersion = table.runtime.irVersion

/** The newest version of a domain that onnxruntime loads, or null for a domain it does not know. */
export function runtimeOpset(domain: string): number | null {
  const name = plainDomain(domain)
  return Object.hasOwn(accepted, name) ? (accepted[name] ?? null) : null
}

/** Every operator in the table. */
export function knownOps(): { domain: string; opType: string }[] {
  return Object.keys(entries).map((key) => {
    const colon = key.indexOf(':')
    return { domain: key.slice(0, colon), opType: key.slice(colon + 1) }
  })
}

/** The value an attribute has where a node leaves it out, or null. */
export function attributeDefault(schema: OpSchema, name: string): AttributeValue | null {
  return schema.attributes.get(name)?.default ?? null
}

/** The parameter that stands for position `at` of a node's inputs or outputs; the last one covers the rest where it is variadic. */
export function parameterAt(parameters: readonly ParameterSchema[], at: number): ParameterSchema | null {
  const last = parameters.at(-1)
  return parameters[at] ?? (last?.option === 'variadic' ? last : null)
}

function entriesOf(key: string): readonly Entry[] {
  // Operators may be called `constructor`, so own keys only.
  return Object.hasOwn(entries, key) ? (entries[key] ?? []) : []
}

function plainDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain
}

function parseEntry(domain: string, opType: string, entry: Entry): OpSchema {
  const constraints = new Map(entry.types.map((text) => splitOnce(text, '=')).map(([name, index]) => [name, typeList(Number(index))]))
  const [minInputs = 0, maxInputs = 0, minOutputs = 0, maxOutputs = 0] = entry.arity.map((bound) => (bound < 0 ? Infinity : bound))
  const attributes = entry.attrs.map(parseAttribute)
  return {
    domain,
    opType,
    sinceVersion: entry.since,
    deprecated: entry.deprecated === true,
    inputs: entry.in.map((text) => parseParameter(text, constraints)),
    outputs: entry.out.map((text) => parseParameter(text, constraints)),
    minInputs,
    maxInputs,
    minOutputs,
    maxOutputs,
    attributes: new Map(attributes.map((attribute) => [attribute.name, attribute])),
  }
}

function parseParameter(text: string, constraints: ReadonlyMap<string, readonly string[]>): ParameterSchema {
  const [name, marked] = splitOnce(text, ':')
  const mark = /[?*~]$/.exec(marked)?.[0] ?? ''
  const typeName = mark === '' ? marked : marked.slice(0, -1)
  return {
    name,
    typeName,
    types: constraints.get(typeName) ?? [typeName],
    option: mark === '' ? 'single' : mark === '?' ? 'optional' : 'variadic',
    homogeneous: mark !== '~',
  }
}

function parseAttribute(text: string): AttributeSchema {
  const [declared, defaultText] = splitOnce(text, '=')
  const [name, marked] = splitOnce(declared, ':')
  const required = marked.endsWith('!')
  const type = attributeType(required ? marked.slice(0, -1) : marked)
  return { name, type, required, default: text.includes('=') ? defaultValue(type, defaultText) : null }
}

function attributeType(text: string): AttributeSchema['type'] {
  return text === 'type-proto' ? 'type' : (text as AttributeSchema['type'])
}

function defaultValue(type: AttributeSchema['type'], text: string): AttributeValue {
  const items = text === '' ? [] : text.split(',')
  const bytes = (item: string) => new TextEncoder().encode(item)
  switch (type) {
    case 'int':
      return { type, value: BigInt(text) }
    case 'float':
      return { type, value: Math.fround(Number(text)) }
    case 'string':
      return { type, value: bytes(text) }
    case 'ints':
      return { type, value: items.map((item) => BigInt(item)) }
    case 'floats':
      return { type, value: items.map((item) => Math.fround(Number(item))) }
    case 'strings':
      return { type, value: items.map(bytes) }
    default:
      throw new Error(`internal: the schema table has a default of type ${type}`)
  }
}

function typeList(index: number): readonly string[] {
  return (table.typeLists[index] ?? []).flatMap((name) => table.typeNames[name] ?? [])
}

/** `['a', 'b=c']` for `a=b=c`; the second part is empty where the separator is missing. */
function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
