/**
 * Labels of nodes by what they are and by what stands around them, in the manner of Weisfeiler and Lehman: in every round a
 * node's label takes in those of its neighbours, so that after k rounds equal labels mean equal surroundings up to k steps away.
 */
import { attributeKey } from './attribute-key'
import type { Tensor } from '../records'
import { constantOf, type DiffGraph, type Source } from './diff-graph'
import { opFamily } from './op-family'
import { tensorKey } from './tensor-key'

/** What a label starts from: operator, attributes and values of weights; without the values; or the operator only. */
export type Strictness = 'values' | 'shapes' | 'operators'

/** Gives equal texts equal numbers, in both graphs. */
export class Interner {
  readonly #numbers = new Map<string, number>()

  number(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    this.#numbers.set(text, this.#numbers.size)
    return this.#numbers.size - 1
  }
}

/** Labels after 0, 1, … `rounds` rounds, by node. */
export function nodeLabels(graph: DiffGraph, interner: Interner, { strictness, rounds }: { strictness: Strictness; rounds: number }): Int32Array[] {
  const { sources, readers } = graph.essential
  const first = Int32Array.from(graph.nodes, (_, at) => interner.number(ownText(graph, at, strictness)))
  const labels = [first]
  for (let round = 1; round <= rounds; round++) {
    const before = labels[round - 1] ?? first
    labels.push(
      Int32Array.from(graph.nodes, (_, at) => {
        const above = (sources[at] ?? []).map((source) => (source.kind === 'node' ? `${before[source.node] ?? -1}.${source.output}` : source.kind === 'none' && strictness === 'operators' ? '' : source.kind))
        const below = (readers[at] ?? []).map(({ node, slot, output }) => `${before[node] ?? -1}.${slot}.${output}`).sort()
        return interner.number(`${strictness}${before[at] ?? -1}<${above.join()}>${below.join()}`)
      }),
    )
  }
  return labels
}

function ownText(graph: DiffGraph, at: number, strictness: Strictness): string {
  const { nodes, essential, outputs } = graph
  const node = nodes[at]
  if (!node) return ''
  const given = outputs.flatMap((source, output) => (source.kind === 'node' && source.node === at ? [output] : []))
  if (strictness === 'operators') return `operator ${opFamily(node)} ${given.join()}`
  const keyOf = strictness === 'values' ? tensorKey : shapeKey
  const constants = (essential.sources[at] ?? []).map((source) => filledText(graph, source) ?? sourceText(source, constantOf(graph, source), keyOf))
  const attributes = node.attributes.map((attribute) => attributeKey(attribute, keyOf)).sort()
  return `${strictness} ${node.domain}.${opFamily(node)}<${attributes.join('\0')}>(${constants.join()}) ${given.join()}`
}

/** A weight that stands in the model as its shape alone. */
function filledText(graph: DiffGraph, source: Source): string | null {
  if (source.kind !== 'node' || graph.nodes[source.node]?.opType !== 'ConstantOfShape') return null
  const shape = constantOf(graph, graph.essential.sources[source.node]?.[0] ?? { kind: 'none' })
  return shape && tensorKey(shape)
}

function sourceText(source: Source, constant: Tensor | null, keyOf: (tensor: Tensor) => string): string {
  if (constant) return keyOf(constant)
  return source.kind === 'input' ? `input ${source.index}` : source.kind === 'outer' ? 'outer' : ''
}

/** Without the element type: quantizing changes that. */
function shapeKey({ dims }: Tensor): string {
  return `[${dims.join()}]`
}
