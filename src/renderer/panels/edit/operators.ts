/** The operators that can be added, and how a search finds them. */
import { opCategory, type OpCategory } from '#shared/onnx/schema/op-category'
import { knownOps, newestOpset, opSchema, type AttributeSchema, type OpSchema } from '#shared/onnx/schema/op-schema'

export interface Operator {
  readonly domain: string
  readonly opType: string
  readonly category: OpCategory
}

export type Opsets = readonly { readonly domain: string; readonly version: number }[]

/** Operators that the model's opsets have and do not advise against; of a domain that the model does not import, all of its newest version. */
export function addableOperators(opsets: Opsets): Operator[] {
  return knownOps()
    .filter(({ domain, opType }) => {
      const schema = schemaFor(domain, opType, opsets)
      return schema !== null && !schema.deprecated && !domain.endsWith('.training') && !domain.startsWith('ai.onnx.preview')
    })
    .map(({ domain, opType }) => ({ domain, opType, category: opCategory(domain, opType) }))
}

/** The schema an operator has in a model of these opsets; null for operators nobody described. */
export function schemaFor(domain: string, opType: string, opsets: Opsets): OpSchema | null {
  const plain = domain === 'ai.onnx' ? '' : domain
  const version = opsets.find((opset) => (opset.domain === 'ai.onnx' ? '' : opset.domain) === plain)?.version ?? newestOpset(domain)
  return version === null ? null : opSchema(domain, opType, version)
}

/** Operators whose name or domain has the words searched for; names that begin with them first. */
export function findOperators(operators: readonly Operator[], search: string): Operator[] {
  const wanted = search.trim().toLowerCase()
  const rank = ({ domain, opType }: Operator): number => {
    const name = opType.toLowerCase()
    if (name === wanted) return 0
    if (name.startsWith(wanted)) return domain === '' ? 1 : 2
    if (name.includes(wanted)) return domain === '' ? 3 : 4
    return domain.toLowerCase().includes(wanted) ? 5 : 6
  }
  return operators
    .map((operator) => ({ operator, rank: rank(operator) }))
    .filter((entry) => entry.rank < 6)
    .sort((a, b) => a.rank - b.rank || a.operator.opType.localeCompare(b.operator.opType))
    .map(({ operator }) => operator)
}

/** An operator of somebody's own, written with its domain before it: `my.domain.Foo` or `my.domain::Foo`. Null for anything else, and for known ones. */
export function customOperator(operators: readonly Operator[], search: string): Operator | null {
  const [, domain, opType] = /^([A-Za-z_][\w.-]*)(?:::|\.)([A-Za-z_]\w*)$/.exec(search.trim()) ?? []
  if (domain === undefined || opType === undefined || operators.some((known) => known.domain === domain && known.opType === opType)) return null
  return { domain, opType, category: 'other' }
}

/** The default of an attribute as a person would type it; empty where there is none. */
export function defaultText({ default: value }: AttributeSchema): string {
  if (value === null) return ''
  const text = (item: unknown): string => (item instanceof Uint8Array ? new TextDecoder().decode(item) : typeof item === 'number' || typeof item === 'bigint' ? String(item) : '')
  return Array.isArray(value.value) ? value.value.map(text).join(', ') : text(value.value)
}
