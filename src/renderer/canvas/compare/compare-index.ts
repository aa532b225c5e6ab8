/** A comparison of two models as the canvases need it: what each node is coloured as, and which nodes of the other model belong to it. */
import type { GraphDiff, LoneNode, ModelDiff, NodeChange, NodePair } from '#shared/ipc/model-diff'

/** What a node is coloured as, the first that holds of it. `qdq`: a node that only changes the representation of a value. */
export const diffTones = ['removed', 'added', 'replaced', 'attribute', 'weights', 'shape', 'rewired', 'qdq'] as const
export type DiffTone = (typeof diffTones)[number]

export type Side = 'a' | 'b'

export interface DiffMark {
  readonly tone: DiffTone
  /** Relative error of a node's weights, the largest; null where there is none. */
  readonly relativeError: number | null
}

/** One thing to look at: nodes of either model that differ together. */
export interface Difference {
  readonly tone: DiffTone
  /** Those of all its nodes. */
  readonly tones: readonly DiffTone[]
  /** Ids of the graphs in both models. */
  readonly graphs: { readonly a: number; readonly b: number }
  /** Node ids; empty on the side that does not have it. The first is what it is about. */
  readonly a: readonly number[]
  readonly b: readonly number[]
  /** The node it is about, as the side calls it that has it. */
  readonly name: string
  readonly opType: string
  readonly changes: readonly NodeChange[]
  /** Operators of nodes that stand around the node on one side only, that it took in, or that took another's place. */
  readonly gone: readonly string[]
  readonly come: readonly string[]
}

export interface CompareIndex {
  readonly marks: Readonly<Record<Side, ReadonlyMap<number, DiffMark>>>
  /** Ids of the other model's nodes that belong to a node of this side. */
  readonly partners: Readonly<Record<Side, ReadonlyMap<number, readonly number[]>>>
  /** In the order of the graphs, main graph first. */
  readonly differences: readonly Difference[]
  /** The difference that a node has part in, by its index. */
  readonly differenceOf: Readonly<Record<Side, ReadonlyMap<number, number>>>
  /** Id of the other model's graph that a graph of this side was compared with. */
  readonly graphs: Readonly<Record<Side, ReadonlyMap<number, number>>>
  /** Nodes of each tone; those that both models have count once. */
  readonly counts: Readonly<Record<DiffTone, number>>
  /** Of the nodes that were paired, those with the same operator, attributes and shapes of weights, 0…1. */
  readonly agreement: number
}

const REPRESENTATION = new Set(['QuantizeLinear', 'DequantizeLinear', 'DynamicQuantizeLinear', 'Cast', 'Identity'])

export function indexDiff(diff: ModelDiff): CompareIndex {
  const draft: Draft = { marks: { a: new Map(), b: new Map() }, partners: { a: new Map(), b: new Map() } }
  const differences = diff.graphs.flatMap((graph) => graphDifferences(graph, draft))
  const counts = { removed: 0, added: 0, replaced: 0, attribute: 0, weights: 0, shape: 0, rewired: 0, qdq: 0 }
  for (const { tone } of draft.marks.a.values()) counts[tone]++
  for (const { tone } of draft.marks.b.values()) if (tone === 'qdq' || tone === 'added') counts[tone]++
  const pairs = diff.graphs.flatMap((graph) => graph.pairs)
  const agreeing = pairs.filter(({ changes }) => !changes.some((change) => TONE_OF_CHANGE[change.kind] === 'attribute' || (change.kind === 'weight' && change.relativeError === null)))
  return {
    ...draft,
    differences,
    differenceOf: { a: differencesByNode(differences, 'a'), b: differencesByNode(differences, 'b') },
    graphs: { a: new Map(diff.graphs.map(({ a, b }) => [a, b])), b: new Map(diff.graphs.map(({ a, b }) => [b, a])) },
    counts,
    agreement: pairs.length === 0 ? 0 : agreeing.length / pairs.length,
  }
}

function differencesByNode(differences: readonly Difference[], side: Side): Map<number, number> {
  return new Map(differences.flatMap(({ [side]: ids }, at) => ids.map((id): [number, number] => [id, at])))
}

interface Draft {
  readonly marks: Record<Side, Map<number, DiffMark>>
  readonly partners: Record<Side, Map<number, readonly number[]>>
}

interface Placed {
  readonly difference: Difference
  readonly at: number
}

function graphDifferences(graph: GraphDiff, draft: Draft): Difference[] {
  const graphs = { a: graph.a, b: graph.b }
  const around = aroundPairs(graph)
  const mates = { a: new Map(graph.pairs.map(({ a, b }) => [a.id, b.id])), b: new Map(graph.pairs.map(({ a, b }) => [b.id, a.id])) }
  const lone = { a: new Map(graph.removed.map((node) => [node.id, node])), b: new Map(graph.added.map((node) => [node.id, node])) }
  const placeOf = places(graph)
  const placed: Placed[] = []
  const told = { a: new Set<number>(), b: new Set<number>() }
  for (const { a, b } of graph.replaced) {
    const gone = a.flatMap((id) => lone.a.get(id) ?? [])
    const [first] = gone
    if (first === undefined) continue
    for (const id of a) put(draft, 'a', id, { tone: 'replaced', others: b })
    for (const id of a) told.a.add(id)
    const owner = b.find((id) => mates.b.has(id))
    if (owner !== undefined) {
      // Taken in by a node that both models have: told with it.
      draft.partners.b.set(owner, [mates.b.get(owner) ?? -1, ...a])
      around.set(owner, { gone: [...(around.get(owner)?.gone ?? []), ...gone], come: around.get(owner)?.come ?? [] })
      continue
    }
    for (const id of b) put(draft, 'b', id, { tone: 'replaced', others: a })
    for (const id of b) told.b.add(id)
    const types = { gone: gone.map(({ opType }) => opType), come: b.flatMap((id) => lone.b.get(id)?.opType ?? []) }
    placed.push({ at: placeOf('a', first.id), difference: { tone: 'replaced', tones: ['replaced'], graphs, a, b, name: first.name, opType: first.opType, changes: [], ...types } })
  }
  for (const pair of graph.pairs) {
    const near = around.get(pair.b.id) ?? { gone: [], come: [] }
    draft.partners.a.set(pair.a.id, [pair.b.id])
    if (!draft.partners.b.has(pair.b.id)) draft.partners.b.set(pair.b.id, [pair.a.id])
    for (const node of near.gone) if (!told.a.has(node.id)) put(draft, 'a', node.id, { tone: 'qdq', others: [pair.b.id] })
    for (const node of near.come) put(draft, 'b', node.id, { tone: 'qdq', others: [pair.a.id] })
    const tone = toneOf(pair.changes)
    if (tone !== null) {
      const mark = { tone, relativeError: largestError(pair.changes) }
      draft.marks.a.set(pair.a.id, mark)
      draft.marks.b.set(pair.b.id, mark)
    }
    if (tone === null && near.gone.length + near.come.length === 0) continue
    const tones = new Set([...(tone === null ? [] : [tone]), ...near.gone.flatMap(({ id }) => draft.marks.a.get(id)?.tone ?? []), ...near.come.flatMap(({ id }) => draft.marks.b.get(id)?.tone ?? [])])
    placed.push({ at: placeOf('a', pair.a.id), difference: pairDifference(pair, near, { tones: diffTones.filter((own) => tones.has(own)), graphs, tone: tone ?? 'qdq' }) })
  }
  const single = (side: Side, node: LoneNode): void => {
    if (told[side].has(node.id) || draft.marks[side].get(node.id)?.tone === 'qdq') return
    const tone = side === 'a' ? 'removed' : 'added'
    put(draft, side, node.id, { tone, others: [] })
    const ids = { a: side === 'a' ? [node.id] : [], b: side === 'b' ? [node.id] : [] }
    placed.push({ at: placeOf(side, node.id), difference: { tone, tones: [tone], graphs, ...ids, name: node.name, opType: node.opType, changes: [], gone: [], come: [] } })
  }
  for (const node of graph.removed) single('a', node)
  for (const node of graph.added) single('b', node)
  return placed.sort((one, other) => one.at - other.at).map(({ difference }) => difference)
}

function put({ marks, partners }: Draft, side: Side, id: number, mark: { readonly tone: DiffTone; readonly others: readonly number[] }): void {
  marks[side].set(id, { tone: mark.tone, relativeError: null })
  if (mark.others.length > 0) partners[side].set(id, mark.others)
}

interface Near {
  gone: LoneNode[]
  come: LoneNode[]
}

/** Nodes that only change a representation, by the pair they stand around: its id in B. */
function aroundPairs({ pairs, removed, added }: GraphDiff): Map<number, Near> {
  const inB = new Map(pairs.map(({ a, b }) => [a.id, b.id]))
  const near = new Map<number, Near>()
  const of = (id: number): Near => {
    const known = near.get(id)
    if (known !== undefined) return known
    const made = { gone: [], come: [] }
    near.set(id, made)
    return made
  }
  for (const node of removed) {
    const pair = node.around === null ? undefined : inB.get(node.around.id)
    if (pair !== undefined && REPRESENTATION.has(node.opType)) of(pair).gone.push(node)
  }
  for (const node of added) if (node.around !== null && REPRESENTATION.has(node.opType)) of(node.around.id).come.push(node)
  return near
}

function pairDifference({ a, b, changes }: NodePair, { gone, come }: Near, about: Pick<Difference, 'tone' | 'tones' | 'graphs'>): Difference {
  const types = (nodes: readonly LoneNode[]) => nodes.map(({ opType }) => opType)
  const ids = (nodes: readonly LoneNode[]) => nodes.map(({ id }) => id)
  return { ...about, a: [a.id, ...ids(gone)], b: [b.id, ...ids(come)], name: b.name, opType: b.opType, changes, gone: types(gone), come: types(come) }
}

const TONE_OF_CHANGE: Record<NodeChange['kind'], DiffTone> = { operator: 'attribute', attribute: 'attribute', weight: 'weights', type: 'shape', input: 'rewired' }

function toneOf(changes: readonly NodeChange[]): DiffTone | null {
  const tones = new Set(changes.map(({ kind }) => TONE_OF_CHANGE[kind]))
  return diffTones.find((tone) => tones.has(tone)) ?? null
}

function largestError(changes: readonly NodeChange[]): number | null {
  const errors = changes.flatMap((change) => (change.kind === 'weight' && change.relativeError !== null ? [change.relativeError] : []))
  return errors.length === 0 ? null : Math.max(...errors)
}

/**
 * Where a node stands in the order of both graphs together: by its place in A; a node of B alone after the one before it. Ids follow
 * the order of the file, so they stand for it.
 */
function places({ pairs, added, removed }: GraphDiff): (side: Side, id: number) => number {
  const ofA = new Map([...pairs.map(({ a }) => a.id), ...removed.map(({ id }) => id)].sort((one, other) => one - other).map((id, at) => [id, at]))
  const ofB = new Map<number, number>()
  const inA = new Map(pairs.map(({ a, b }) => [b.id, ofA.get(a.id) ?? 0]))
  let last = -1
  let since = 0
  for (const id of [...inA.keys(), ...added.map((node) => node.id)].sort((one, other) => one - other)) {
    const own = inA.get(id)
    if (own !== undefined) [last, since] = [own, 0]
    else ofB.set(id, last + ++since / (added.length + 1))
  }
  return (side, id) => (side === 'a' ? ofA : ofB).get(id) ?? 0
}
