/** Which nodes of a model each execution provider of a phone takes, and into how many parts the graph falls. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { intAttribute, stringAttribute } from '#shared/onnx/attributes'
import { DATA_TYPES, dataTypeLabel, dataTypeName } from '#shared/onnx/data-type'
import type { ModelDocument } from '#shared/onnx/document'
import { type TypeTable } from '#shared/onnx/infer/infer-types'
import { nodeMacs } from '#shared/onnx/infer/macs'
import type { AttributeValue, Node, ValueType } from '#shared/onnx/records'
import { opSchema } from '#shared/onnx/schema/op-schema'
import { readNames, topologicalOrder } from '#shared/onnx/topological-order'
import type { ModelUsability, ProviderUsability, UsabilityReason } from '#shared/usability'

const Limit = z.string().regex(/^(?:rank:\d+(?:,\d+)*|constant:\d+|outputs:\d+|attribute:\w+=[\w|]+)$/)

export const ProviderTables = z
  .object({
    about: z.string(),
    providers: z.array(
      z
        .object({
          id: z.string(),
          title: z.string(),
          source: z.string(),
          dataTypes: z.array(z.string().refine((name) => name in DATA_TYPES, { message: 'no data type of ONNX' })),
          staticShapes: z.boolean(),
          operators: z.record(z.string(), z.array(Limit)),
        })
        .strict(),
    ),
  })
  .strict()
export type ProviderTables = z.infer<typeof ProviderTables>
type ProviderTable = ProviderTables['providers'][number]

export function readProviderTables(appRoot: string): ProviderTables {
  return ProviderTables.parse(JSON.parse(readFileSync(join(appRoot, 'resources/device/providers.json'), 'utf8')))
}

interface Checked {
  readonly document: ModelDocument
  /** With symbols fixed where the model is to be checked at a size. */
  readonly types: TypeTable
}

/**
 * The main graph against each table. Constants are not counted: onnxruntime makes them initializers. What cannot be told from
 * a table (a driver's own limits) is not in the answer.
 */
export function checkUsability(checked: Checked, tables: ProviderTables): ModelUsability {
  const graph = checked.document.model.graph
  const nodes = topologicalOrder(checked.document, graph).filter((node) => !isConstantNode(node))
  const macs = new Map(nodes.map((node) => [node.id, nodeMacs(checked.document, graph, node, checked.types) ?? 0]))
  return { nodes: nodes.length, providers: tables.providers.map((table) => checkProvider(checked, nodes, macs, table)) }
}

function checkProvider(checked: Checked, nodes: readonly Node[], macs: ReadonlyMap<number, number>, table: ProviderTable): ProviderUsability {
  const unsupported = nodes.flatMap((node) => {
    const reason = refusal(checked, node, table)
    return reason === null ? [] : [{ nodeId: node.id, name: node.name, opType: node.opType, reason }]
  })
  const refused = new Set(unsupported.map(({ nodeId }) => nodeId))
  const supported = partition(checked.document, nodes, (node) => !refused.has(node.id))
  const sum = (ids: Iterable<number>) => [...ids].reduce((total, id) => total + (macs.get(id) ?? 0), 0)
  const total = sum(macs.keys())
  return {
    provider: table.id,
    title: table.title,
    source: table.source,
    supportedNodes: supported.length,
    supportedMacs: total === 0 ? null : sum(supported.map(({ nodeId }) => nodeId)) / total,
    partitions: new Set(supported.map((node) => node.partition)).size,
    supported,
    unsupported,
  }
}

/** Null where the provider takes the node. */
function refusal({ document, types }: Checked, node: Node, { operators, dataTypes, staticShapes }: ProviderTable): UsabilityReason | null {
  const graph = document.model.graph
  const limits = operators[node.domain === '' || node.domain === 'ai.onnx' ? node.opType : `${node.domain}:${node.opType}`]
  if (limits === undefined) return { code: 'operator', found: node.opType, wanted: '' }
  const typeOf = (name: string | undefined) => (name === undefined || name === '' ? null : types.typeOf(graph, name))
  const first = typeOf(node.inputs[0])
  const wrongType = first?.kind === 'tensor' && first.dataType !== 0 && !dataTypes.includes(dataTypeName(first.dataType) ?? '')
  if (wrongType) return { code: 'data-type', found: dataTypeLabel(first.dataType), wanted: dataTypes.join(', ') }
  const open = staticShapes && [...node.inputs, ...node.outputs].some((name) => name !== '' && hasOpenShape(typeOf(name)))
  if (open) return { code: 'symbols', found: '', wanted: '' }
  for (const limit of limits) {
    const reason = broken(limit, { document, node, first })
    if (reason !== null) return reason
  }
  return null
}

interface Limited {
  readonly document: ModelDocument
  readonly node: Node
  readonly first: ValueType | null
}

function broken(limit: string, { document, node, first }: Limited): UsabilityReason | null {
  const [kind, value = ''] = limit.split(':')
  switch (kind) {
    case 'rank': {
      const rank = first?.kind === 'tensor' ? first.shape?.length : undefined
      return rank === undefined || value.split(',').map(Number).includes(rank) ? null : { code: 'rank', found: String(rank), wanted: value }
    }
    case 'constant': {
      const name = node.inputs[Number(value)]
      return name === undefined || name === '' || isConstant(document, name) ? null : { code: 'constant', found: name, wanted: value }
    }
    case 'outputs':
      return node.outputs.filter((name) => name !== '').length <= Number(value) ? null : { code: 'outputs', found: String(node.outputs.length), wanted: value }
    case 'attribute': {
      const [name = '', allowed = ''] = value.split('=')
      const actual = attributeText(document, node, name)
      return actual === null || allowed.split('|').includes(actual) ? null : { code: 'attribute', found: `${name}=${actual}`, wanted: allowed.replaceAll('|', ', ') }
    }
    default:
      throw new Error(`internal: '${limit}' is no limit`)
  }
}

/** The attribute's value, or the operator's default; null where it has neither. */
function attributeText(document: ModelDocument, node: Node, name: string): string | null {
  const version = document.model.opsetImports.find(({ domain }) => domain === node.domain || (domain === 'ai.onnx' && node.domain === ''))?.version ?? 1
  const schema = opSchema(node.domain, node.opType, version)?.attributes.get(name)
  const given = node.attributes.find((attribute) => attribute.name === name)
  const kind = given?.type ?? schema?.type
  if (kind === 'string') return stringAttribute(node, name, textOf(schema?.default ?? null))
  if (kind === 'int') return String(intAttribute(node, name, Number(textOf(schema?.default ?? null) ?? 0)))
  return null
}

function textOf(value: AttributeValue | null): string | null {
  if (value?.type === 'int') return String(value.value)
  return value?.type === 'string' ? new TextDecoder().decode(value.value) : null
}

function isConstantNode({ domain, opType }: Node): boolean {
  return opType === 'Constant' && (domain === '' || domain === 'ai.onnx')
}

function isConstant(document: ModelDocument, name: string): boolean {
  const definition = document.index(document.model.graph).definition(name)
  return definition?.kind === 'initializer' || (definition?.kind === 'node' && isConstantNode(definition.node))
}

function hasOpenShape(type: ValueType | null): boolean {
  return type?.kind === 'tensor' && (type.shape === undefined || type.shape.some((dim) => typeof dim !== 'number'))
}

/**
 * Parts as onnxruntime makes them for providers that take whole pieces: as long as a node that is supported can run, it joins
 * the part; then everything that is not supported runs, and a new part begins (CreateSupportedPartitions in
 * onnxruntime/core/providers/partitioning_utils.cc). `nodes` are in topological order.
 */
function partition(document: ModelDocument, nodes: readonly Node[], isSupported: (node: Node) => boolean): ProviderUsability['supported'] {
  const index = document.index(document.model.graph)
  const found: ProviderUsability['supported'] = []
  // The earliest round in which a node can run: odd rounds are the provider's, even ones the CPU's.
  const rounds = new Map<number, number>()
  for (const node of nodes) {
    const feeds = readNames(node).flatMap((name) => {
      const definition = index.definition(name)
      return definition?.kind === 'node' ? [rounds.get(definition.node.id) ?? 0] : []
    })
    const earliest = Math.max(0, ...feeds)
    const own = isSupported(node) ? 1 : 0
    const round = earliest % 2 === own ? earliest : earliest + 1
    rounds.set(node.id, round)
    if (own === 1) found.push({ nodeId: node.id, partition: (round - 1) / 2 })
  }
  return found
}
