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

/** Labels of the nodes of one graph, by position. Rounds are made when they are asked for. */
export class NodeLabels {
  readonly #rounds: Int32Array[]

  constructor(
    readonly graph: DiffGraph,
    readonly interner: Interner,
    readonly strictness: Strictness,
  ) {
    this.#rounds = [Int32Array.from(graph.nodes, (_, at) => interner.number(ownText(graph, at, strictness)))]
  }

  /** By what the nodes themselves are. */
  get own(): Int32Array {
    return this.after(0)
  }

  /** By what is up to `rounds` steps away. */
  after(rounds: number): Int32Array {
    for (let made = this.#rounds.at(-1); made && this.#rounds.length <= rounds; made = this.#rounds.at(-1)) this.#rounds.push(this.#next(made))
    return this.#rounds[rounds] ?? new Int32Array()
  }

  #next(before: Int32Array): Int32Array {
    const { sources, readers } = this.graph.essential
    return Int32Array.from(this.graph.nodes, (_, at) => {
      let text = `${this.strictness}${before[at] ?? -1}<`
      for (const source of sources[at] ?? []) {
        if (source.kind === 'node') text += `${before[source.node] ?? -1}.${source.output},`
        else if (source.kind !== 'none' || this.strictness !== 'operators') text += `${source.kind},`
        else text += ','
      }
      const below = (readers[at] ?? []).map(({ node, slot, output }) => `${before[node] ?? -1}.${slot}.${output}`)
      return this.interner.number(`${text}>${below.length > 1 ? below.sort().join() : (below[0] ?? '')}`)
    })
  }
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
