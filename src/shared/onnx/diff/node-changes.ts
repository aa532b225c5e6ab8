import type { NodeChange } from '../../ipc/model-diff'
import { dataTypeLabel } from '../data-type'
import type { TypeTable } from '../infer/infer-types'
import type { Attribute, Tensor } from '../records'
import { attributeText } from '../text/print'
import { typeText } from '../view/type-text'
import type { Alignment } from './alignment'
import { attributeKey } from './attribute-key'
import type { DiffGraph, Source } from './diff-graph'
import { tensorKey } from './tensor-key'
import { relativeError, weightOf } from './weight-values'

export interface Types {
  readonly a: TypeTable
  readonly b: TypeTable
}

/** How two nodes that were found to be the same differ. Names do not count. */
export function nodeChanges(alignment: Alignment, { x, y, types }: { x: number; y: number; types: Types }): NodeChange[] {
  const { a, b } = alignment
  const [one, other] = [a.nodes[x], b.nodes[y]]
  if (!one || !other) throw new Error('internal: a pair of no nodes')
  const [operator, otherOperator] = [`${one.domain}.${one.opType}`, `${other.domain}.${other.opType}`].map((name) => name.replace(/^\.|^ai\.onnx\.(?=\w+$)/, ''))
  return [
    ...(operator !== undefined && otherOperator !== undefined && operator !== otherOperator ? [{ kind: 'operator' as const, a: operator, b: otherOperator }] : []),
    ...attributeChanges(one.attributes, other.attributes),
    ...inputChanges(alignment, x, y),
    ...one.outputs.flatMap((name, output): NodeChange[] => {
      const [type, otherType] = [typeText(types.a.typeOf(a.graph, name)), typeText(types.b.typeOf(b.graph, other.outputs[output] ?? ''))]
      // A type that one side does not tell is no difference.
      return type === otherType || name === '' || type.startsWith('unknown') || otherType.startsWith('unknown') ? [] : [{ kind: 'type', output, a: type, b: otherType }]
    }),
  ]
}

function attributeChanges(a: readonly Attribute[], b: readonly Attribute[]): NodeChange[] {
  const others = new Map(b.map((attribute) => [attribute.name, attribute]))
  const known = new Set(a.map(({ name }) => name))
  const text = (attribute: Attribute) => attributeText(attribute, '', []).replace(/^[^=]*= /, '')
  return [
    ...a.flatMap((attribute): NodeChange[] => {
      const other = others.get(attribute.name)
      if (other && attributeKey(attribute) === attributeKey(other)) return []
      // Graphs are compared by themselves.
      if (attribute.type === 'graph' && other?.type === 'graph') return []
      return [{ kind: 'attribute', name: attribute.name, a: text(attribute), b: other ? text(other) : null }]
    }),
    ...b.filter(({ name }) => !known.has(name)).map((attribute): NodeChange => ({ kind: 'attribute', name: attribute.name, a: null, b: text(attribute) })),
  ]
}

function inputChanges(alignment: Alignment, x: number, y: number): NodeChange[] {
  const { a, b } = alignment
  const [sources, others] = [linksOf(a, x), linksOf(b, y)]
  return Array.from({ length: Math.max(sources.length, others.length) }, (_, input) => input).flatMap((input): NodeChange[] => {
    const [weight, other] = [weightOf(a, a.direct.sources[x]?.[input]), weightOf(b, b.direct.sources[y]?.[input])]
    if (weight && other) {
      if (tensorKey(weight.tensor) === tensorKey(other.tensor)) return []
      return [{ kind: 'weight', input, a: tensorText(weight.tensor), b: tensorText(other.tensor), relativeError: relativeError(weight, other) }]
    }
    if (isSameSource(alignment, sources[input], others[input])) return []
    return [{ kind: 'input', input, a: nameOf(a, x, input), b: nameOf(b, y, input) }]
  })
}

function linksOf(graph: DiffGraph, node: number): readonly Source[] {
  return (graph.isTransparent[node] ? graph.direct : graph.essential).sources[node] ?? []
}

function isSameSource(alignment: Alignment, one: Source = { kind: 'none' }, other: Source = { kind: 'none' }): boolean {
  const { a, b } = alignment
  if (one.kind === 'node' && other.kind === 'node' && alignment.inB(one.node) === other.node) return one.output === other.output
  // Nodes that were put in or taken out on the way are told of by themselves.
  const [from, otherFrom] = [beforeLone(a, one, (node) => alignment.isOpenA(node)), beforeLone(b, other, (node) => alignment.isOpenB(node))]
  if (from.kind === 'node' && otherFrom.kind === 'node') return alignment.inB(from.node) === otherFrom.node
  if (from.kind === 'input' && otherFrom.kind === 'input') return from.index === otherFrom.index || a.graph.inputs[from.index]?.name === b.graph.inputs[otherFrom.index]?.name
  // Names of outer values may be others in the other model; their makers are compared there.
  return from.kind === otherFrom.kind
}

function beforeLone(graph: DiffGraph, source: Source, isLone: (node: number) => boolean): Source {
  let at = source
  for (let steps = 0; at.kind === 'node' && isLone(at.node) && steps < graph.nodes.length; steps++) {
    const way = linksOf(graph, at.node)
    at = way.find(({ kind }) => kind === 'node' || kind === 'input') ?? way[0] ?? { kind: 'none' }
  }
  return at
}

function nameOf({ nodes }: DiffGraph, node: number, input: number): string {
  return nodes[node]?.inputs[input] ?? ''
}

function tensorText({ dataType, dims }: Tensor): string {
  return `${dataTypeLabel(dataType)}[${dims.join()}]`
}
