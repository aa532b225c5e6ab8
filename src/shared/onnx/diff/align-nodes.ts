/**
 * Finds which nodes of two graphs are the same, by structure first: names change with every export, what is computed does not.
 *
 * Nodes with surroundings that occur once in either graph are paired (node-labels.ts), from wide surroundings to narrow ones and
 * from exact weights to mere operators; every pair leads on to its neighbours. What is left goes by names and by how many
 * neighbours agree. Nodes that hand values on (Q/DQ, Cast, Identity) are looked through and paired last.
 */
import { Alignment } from './alignment'
import { alignTransparent } from './align-transparent'
import { constantOf, type DiffGraph } from './diff-graph'
import { Interner, NodeLabels, type Strictness } from './node-labels'
import { opFamily } from './op-family'

const ROUNDS = 5
/** How many unpaired nodes may stand between a pair and the next one: what fusing or inserting put there. */
const MAX_SKIPPED = 3
/** Weights of fewer elements are shared by chance: axes, scalars. */
const TELLING_ELEMENTS = 16

export function alignNodes(a: DiffGraph, b: DiffGraph): Alignment {
  const aligner = new Aligner(a, b)
  aligner.byLabels('values')
  aligner.byNames('shapes')
  aligner.byLabels('shapes')
  aligner.byNames('operators')
  aligner.byNeighbours()
  aligner.byLabels('operators')
  aligner.byNeighbours()
  alignTransparent(aligner.alignment)
  return aligner.alignment
}

type Labels = Readonly<Record<Strictness, { readonly a: NodeLabels; readonly b: NodeLabels }>>

class Aligner {
  readonly alignment: Alignment
  readonly #labels: Labels
  readonly #telling: readonly boolean[]
  /** How often each own label by values occurs in either graph. */
  readonly #counts: { readonly a: ReadonlyMap<number, number>; readonly b: ReadonlyMap<number, number> }

  constructor(
    readonly a: DiffGraph,
    readonly b: DiffGraph,
  ) {
    this.alignment = new Alignment(a, b)
    const interner = new Interner()
    const labels = (strictness: Strictness) => ({ a: new NodeLabels(a, interner, strictness), b: new NodeLabels(b, interner, strictness) })
    this.#labels = { values: labels('values'), shapes: labels('shapes'), operators: labels('operators') }
    this.#telling = a.nodes.map((_, at) => isTelling(a, at))
    this.#counts = { a: counted(this.#labels.values.a.own), b: counted(this.#labels.values.b.own) }
  }

  /** Pairs nodes whose surroundings occur once in either graph, then those that occur equally often, in order. */
  byLabels(strictness: Strictness): void {
    if (!this.#hasOpen()) return
    const least = strictness === 'operators' ? 1 : 0
    // Exact surroundings say more than neighbours of neighbours: all of them first.
    for (let round = ROUNDS; round >= least; round--) this.#byGroups(round, { isGroup: (count) => count === 1, follow: strictness !== 'values', strictness })
    if (strictness === 'values') this.#follow(this.alignment.pairs(), 'shapes')
    for (let round = ROUNDS; round >= 2; round--) this.#byGroups(round, { isGroup: (count) => count > 1, follow: true, strictness })
  }

  /** Pairs nodes with the same name, or the same name of the first output, where no neighbour speaks against it. */
  byNames(strictness: Strictness): void {
    for (const nameOf of [(at: DiffGraph, node: number) => at.nodes[node]?.name, (at: DiffGraph, node: number) => at.nodes[node]?.outputs[0]]) {
      const found = uniqueKeys(this.b, (node) => (this.alignment.isOpenB(node) ? nameOf(this.b, node) : undefined))
      for (const [name, x] of uniqueKeys(this.a, (node) => (this.alignment.isOpenA(node) ? nameOf(this.a, node) : undefined))) {
        const y = found.get(name)
        if (y === undefined || !this.alignment.isOpen(x, y) || !this.#isAlike(x, y, strictness) || this.alignment.support(x, y) < 0) continue
        this.#pair(x, y, strictness)
      }
    }
  }

  /** Pairs nodes that most of their neighbours agree upon, the best pair first, until nothing is left. */
  byNeighbours(): void {
    for (;;) {
      const best = this.#candidates().sort((one, other) => other.score - one.score || one.x - other.x || one.y - other.y)
      let paired = 0
      for (const { x, y } of best) {
        if (!this.alignment.isOpen(x, y)) continue
        this.#pair(x, y, 'operators')
        paired++
      }
      if (paired === 0) return
    }
  }

  #byGroups(round: number, { isGroup, follow, strictness }: { isGroup: (count: number) => boolean; follow: boolean; strictness: Strictness }): void {
    if (!this.#hasOpen()) return
    const { a, b } = this.#labels[strictness]
    const groupsB = grouped(b.after(round), (node) => this.#isFreeB(node))
    for (const [label, xs] of grouped(a.after(round), (node) => this.#isFreeA(node))) {
      const ys = groupsB.get(label)
      if (!ys || ys.length !== xs.length || !isGroup(xs.length)) continue
      xs.forEach((x, at) => {
        const y = ys[at]
        if (y === undefined || !this.alignment.isOpen(x, y)) return
        const support = strictness === 'values' && this.#telling[x] ? 1 : this.alignment.support(x, y)
        // Narrow surroundings occur once by chance, but for weights.
        if (support < 0 || (support === 0 && round < 2)) return
        if (follow) this.#pair(x, y, 'shapes')
        else this.alignment.pair(x, y)
      })
    }
  }

  #hasOpen(): boolean {
    return this.a.nodes.some((_, x) => this.#isFreeA(x)) && this.b.nodes.some((_, y) => this.#isFreeB(y))
  }

  /** Pairs two nodes and all that follows from it. */
  #pair(x: number, y: number, strictness: Strictness): void {
    this.alignment.pair(x, y)
    this.#follow([[x, y]], strictness)
  }

  /** Goes from pairs to their neighbours, and on from those that pair. */
  #follow(pairs: [number, number][], strictness: Strictness): void {
    const queue = [...pairs]
    const found = (x: number, y: number) => {
      if (!this.alignment.isOpen(x, y) || !this.#isAlike(x, y, strictness) || this.alignment.support(x, y) <= 0) return
      this.alignment.pair(x, y)
      queue.push([x, y])
    }
    for (let at = 0; at < queue.length; at++) {
      const [x, y] = queue[at] as [number, number]
      this.#sourcePairs(x, y).forEach(([one, other]) => found(one, other))
      this.#readerPairs(x, y, strictness).forEach(([one, other]) => found(one, other))
    }
  }

  #sourcePairs(x: number, y: number): [number, number][] {
    const others = this.b.essential.sources[y] ?? []
    return (this.a.essential.sources[x] ?? []).flatMap((source, slot): [number, number][] => {
      const other = others[slot]
      return source.kind === 'node' && other?.kind === 'node' && source.output === other.output ? [[source.node, other.node]] : []
    })
  }

  /** Readers of the same output at the same place, where there is one of a kind on both sides. */
  #readerPairs(x: number, y: number, strictness: Strictness): [number, number][] {
    const label = this.#labels[strictness]
    const keys = (graph: DiffGraph, node: number, labels: Int32Array, isFree: (at: number) => boolean) =>
      uniqueValues((graph.essential.readers[node] ?? []).filter((reader) => isFree(reader.node)).map((reader): [string, number] => [`${labels[reader.node] ?? -1}.${reader.slot}.${reader.output}`, reader.node]))
    const others = keys(this.b, y, label.b.own, (node) => this.#isFreeB(node))
    return [...keys(this.a, x, label.a.own, (node) => this.#isFreeA(node))].flatMap(([key, one]): [number, number][] => {
      const other = others.get(key)
      return other === undefined ? [] : [[one, other]]
    })
  }

  /** Whether two nodes may be the same as far as they themselves tell. */
  #isAlike(x: number, y: number, strictness: Strictness): boolean {
    const { values } = this.#labels
    const own = this.#labels[strictness]
    if (own.a.own[x] !== own.b.own[y]) return strictness === 'operators' && this.#isSameFamily(x, y)
    const [valueX, valueY] = [values.a.own[x] ?? -1, values.b.own[y] ?? -1]
    // Other weights, and the very ones stand elsewhere: then that is the node.
    return valueX === valueY || !this.#telling[x] || ((this.#counts.b.get(valueX) ?? 0) === 0 && (this.#counts.a.get(valueY) ?? 0) === 0)
  }

  #isSameFamily(x: number, y: number): boolean {
    const [one, other] = [this.a.nodes[x], this.b.nodes[y]]
    return one !== undefined && other !== undefined && opFamily(one) === opFamily(other)
  }

  /** Pairs that are near a pair already made on both sides, unpaired nodes between them skipped. */
  #candidates(): { x: number; y: number; score: number }[] {
    const scores = new Map<string, { x: number; y: number; score: number }>()
    const add = (x: number, y: number, distance: number) => {
      const key = `${x}.${y}`
      if (scores.has(key) || !this.#isSameFamily(x, y)) return
      const score = 4 * this.alignment.support(x, y) + 3 * Number(this.#hasSameName(x, y)) + 2 * Number(this.#isAlike(x, y, 'shapes')) + 2 * Number(this.#telling[x]) - 2 * (distance - 2)
      if (score > -4) scores.set(key, { x, y, score })
    }
    const addBetween = (startA: readonly number[], startB: readonly number[], step: Step) => {
      const near = this.#reach(this.b, startB, { step, isFree: (node) => this.#isFreeB(node) })
      if (near.length === 0) return
      for (const one of this.#reach(this.a, startA, { step, isFree: (node) => this.#isFreeA(node) })) {
        for (const other of near) add(one.node, other.node, one.distance + other.distance)
      }
    }
    this.a.inputReaders.forEach((readers, at) => addBetween(readers, this.b.inputReaders[at] ?? [], below))
    this.a.outputs.forEach((source, at) => {
      const other = this.b.outputs[at]
      if (source.kind === 'node' && other?.kind === 'node') addBetween([source.node], [other.node], above)
    })
    for (const [x, y] of this.alignment.pairs()) for (const step of [below, above]) addBetween(step(this.a, x), step(this.b, y), step)
    return [...scores.values()]
  }

  #reach(graph: DiffGraph, start: readonly number[], { step, isFree }: { step: Step; isFree: (node: number) => boolean }): { node: number; distance: number }[] {
    const reached: { node: number; distance: number }[] = []
    const seen = new Set<number>()
    let edge = start
    for (let distance = 1; distance <= 1 + MAX_SKIPPED && edge.length > 0 && reached.length < 64; distance++) {
      const found = edge.filter((node) => isFree(node) && !seen.has(node) && seen.add(node))
      for (const node of found) reached.push({ node, distance })
      edge = found.flatMap((node) => step(graph, node))
    }
    return reached
  }

  #hasSameName(x: number, y: number): boolean {
    const [one, other] = [this.a.nodes[x], this.b.nodes[y]]
    return one !== undefined && other !== undefined && ((one.name !== '' && one.name === other.name) || (one.outputs[0] ?? '') === other.outputs[0])
  }

  #isFreeA(node: number): boolean {
    return this.alignment.isOpenA(node) && !this.a.isTransparent[node]
  }

  #isFreeB(node: number): boolean {
    return this.alignment.isOpenB(node) && !this.b.isTransparent[node]
  }
}

/** Neighbours of a node in one direction. */
type Step = (graph: DiffGraph, node: number) => number[]

function below({ essential }: DiffGraph, node: number): number[] {
  return (essential.readers[node] ?? []).map((reader) => reader.node)
}

function above({ essential }: DiffGraph, node: number): number[] {
  return (essential.sources[node] ?? []).flatMap((source) => (source.kind === 'node' ? [source.node] : []))
}

function isTelling(graph: DiffGraph, at: number): boolean {
  const { essential, nodes } = graph
  const elements = (dims: readonly number[]) => dims.reduce((product, dim) => product * dim, 1)
  const hasWeight = (essential.sources[at] ?? []).some((source) => elements(constantOf(graph, source)?.dims ?? []) >= TELLING_ELEMENTS)
  return hasWeight || (nodes[at]?.attributes.some((attribute) => attribute.type === 'tensor' && elements(attribute.value.dims) >= TELLING_ELEMENTS) ?? false)
}

function counted(labels: Int32Array): Map<number, number> {
  const counts = new Map<number, number>()
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1)
  return counts
}

function grouped(labels: Int32Array, isWanted: (node: number) => boolean): Map<number, number[]> {
  const groups = new Map<number, number[]>()
  labels.forEach((label, node) => {
    if (!isWanted(node)) return
    const group = groups.get(label)
    if (group) group.push(node)
    else groups.set(label, [node])
  })
  return groups
}

/** Nodes by a key that no other node has. */
function uniqueKeys({ nodes, isTransparent }: DiffGraph, keyOf: (node: number) => string | undefined): Map<string, number> {
  return uniqueValues(
    nodes.flatMap((_, node): [string, number][] => {
      const key = isTransparent[node] ? undefined : keyOf(node)
      return key === undefined || key === '' ? [] : [[key, node]]
    }),
  )
}

function uniqueValues(entries: readonly [string, number][]): Map<string, number> {
  const values = new Map<string, number>()
  const repeated = new Set<string>()
  for (const [key, value] of entries) {
    if (values.has(key)) repeated.add(key)
    values.set(key, value)
  }
  for (const key of repeated) values.delete(key)
  return values
}
