/** Types of inputs against what operators take. */
import { dataTypeName } from '../data-type'
import type { ModelDocument } from '../document'
import type { TypeTable } from '../infer/infer-types'
import type { Graph, Node, ValueType } from '../records'
import { opSchema, type OpSchema, parameterAt } from '../schema/op-schema'
import { enclosingFunction, opsetVersions, versionInForce } from '../schema/opset-versions'
import { typeText } from '../view/type-text'
import { type Findings, nodeLabel, sentenceStart } from './findings'

/** Bodies of functions are left out: their types depend on the call. */
export function checkTypes(document: ModelDocument, types: TypeTable, findings: Findings): void {
  for (const graph of document.graphs()) {
    if (enclosingFunction(document, graph)) continue
    const opsets = opsetVersions(document, graph)
    for (const node of graph.nodes) {
      const version = versionInForce(opsets, node.domain)
      const isCall = document.model.functions.some(({ domain, name }) => domain === node.domain && name === node.opType)
      const schema = version === null || isCall ? null : opSchema(node.domain, node.opType, version)
      if (schema) checkNode({ graph, node, schema, types, findings })
    }
  }
}

interface TypedNode {
  readonly graph: Graph
  readonly node: Node
  readonly schema: OpSchema
  readonly types: TypeTable
  readonly findings: Findings
}

function checkNode({ graph, node, schema, types, findings }: TypedNode): void {
  const bound = new Map<string, { text: string; name: string; type: ValueType }>()
  for (const [at, name] of node.inputs.entries()) {
    const parameter = name === '' ? null : parameterAt(schema.inputs, at)
    const type = parameter ? types.typeOf(graph, name) : null
    const text = type ? schemaText(type) : null
    if (!parameter || !type || text === null) continue
    if (!parameter.types.includes(text)) {
      findings.error('input-type', {
        message: `${sentenceStart(nodeLabel(node))} reads '${name}', a ${typeText(withoutShape(type))}, as its ${parameter.name}; ${schema.opType} does not take that type there.`,
        hint: `It takes ${parameter.types.join(', ')}.`,
        node,
        valueName: name,
      })
      return
    }
    // Parameters of one constraint have one type; mixed variadic ones are free.
    const earlier = bound.get(parameter.typeName)
    if (!earlier) bound.set(parameter.typeName, { text, name, type })
    else if (earlier.text !== text && parameter.homogeneous) {
      findings.error('input-types-differ', {
        message: `${sentenceStart(nodeLabel(node))} reads '${earlier.name}', a ${typeText(withoutShape(earlier.type))}, and '${name}', a ${typeText(withoutShape(type))}; ${schema.opType} wants one type for both.`,
        hint: 'Put a Cast before one of them.',
        node,
        valueName: name,
      })
      return
    }
  }
}

/** A type as schemas write it (`tensor(float)`, `seq(tensor(int64))`), or null where a part of it is not known. */
function schemaText(type: ValueType): string | null {
  switch (type.kind) {
    case 'tensor':
      return wrapped('tensor', elementText(type.dataType))
    case 'sparse-tensor':
      return wrapped('sparse_tensor', elementText(type.dataType))
    case 'sequence':
      return wrapped('seq', type.element && schemaText(type.element))
    case 'optional':
      return wrapped('optional', type.element && schemaText(type.element))
    case 'map': {
      // The values of a map are single elements, written without `tensor`.
      const [key, value] = [elementText(type.keyType), type.value?.kind === 'tensor' ? elementText(type.value.dataType) : null]
      return key === null || value === null ? null : `map(${key}, ${value})`
    }
    case 'opaque':
      return null
  }
}

function wrapped(kind: string, inner: string | null): string | null {
  return inner === null ? null : `${kind}(${inner})`
}

function elementText(dataType: number): string | null {
  const name = dataTypeName(dataType)
  if (name === 'undefined') return null
  return name === 'float32' ? 'float' : name === 'float64' ? 'double' : name
}

function withoutShape(type: ValueType): ValueType {
  return type.kind === 'tensor' ? { kind: type.kind, dataType: type.dataType } : type
}
