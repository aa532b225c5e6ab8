import type { DiffGraph, Links } from './diff-graph'

/** Which node of one graph is which of the other, by position. */
export class Alignment {
  readonly #toB: Int32Array
  readonly #toA: Int32Array

  constructor(
    readonly a: DiffGraph,
    readonly b: DiffGraph,
  ) {
    this.#toB = new Int32Array(a.nodes.length).fill(-1)
    this.#toA = new Int32Array(b.nodes.length).fill(-1)
  }

  pair(x: number, y: number): void {
    if (!this.isOpen(x, y)) throw new Error('internal: a node was paired twice')
    this.#toB[x] = y
    this.#toA[y] = x
  }

  isOpen(x: number, y: number): boolean {
    return this.#toB[x] === -1 && this.#toA[y] === -1
  }

  isOpenA(x: number): boolean {
    return this.#toB[x] === -1
  }

  isOpenB(y: number): boolean {
    return this.#toA[y] === -1
  }

  /** The mate of a node of A in B, or null. */
  readonly inB = (x: number): number | null => {
    return mate(this.#toB[x])
  }

  inA(y: number): number | null {
    return mate(this.#toA[y])
  }

  pairs(): [number, number][] {
    return [...this.#toB].flatMap((y, x): [number, number][] => (y === -1 ? [] : [[x, y]]))
  }

  /** Neighbours that are each other's mates, less those whose mates stand elsewhere. */
  support(x: number, y: number): number {
    const [linksA, linksB] = [this.#linksOf(this.a, x), this.#linksOf(this.b, y)]
    let support = 0
    const sourcesB = linksB.sources[y] ?? []
    ;(linksA.sources[x] ?? []).forEach((source, slot) => {
      const other = sourcesB[slot]
      const found = source.kind === 'node' ? this.inB(source.node) : null
      if (found === null || other?.kind !== 'node') return
      // What was put in between says nothing against it.
      if (found === other.node) support++
      else if (!this.isOpenB(other.node)) support--
    })
    const readersB = new Set((linksB.readers[y] ?? []).map(({ node }) => node))
    for (const { node } of linksA.readers[x] ?? []) {
      const found = this.inB(node)
      if (found === null) continue
      if (readersB.has(found)) support++
      else if (!(linksB.sources[found] ?? []).some((source) => source.kind === 'node' && this.isOpenB(source.node) && source.node !== y)) support--
    }
    return support
  }

  #linksOf(graph: DiffGraph, node: number): Links {
    return graph.isTransparent[node] ? graph.direct : graph.essential
  }
}

function mate(position: number | undefined): number | null {
  return position === undefined || position === -1 ? null : position
}
