/** Pairs Q/DQ, Cast and Identity nodes once what they stand between is paired. */
import type { Alignment } from './alignment'
import type { DiffGraph, Source } from './diff-graph'

export function alignTransparent(alignment: Alignment): void {
  const { a, b } = alignment
  const pair = (x: number, y: number) => {
    alignment.pair(x, y)
    queue.push([x, y])
  }
  // Ways into a pair's inputs and to the graph's outputs first: readers of one value may be many of a kind.
  for (const [x, y] of alignment.pairs()) {
    const others = b.direct.sources[y] ?? []
    ;(a.direct.sources[x] ?? []).forEach((source, slot) => pairWays(alignment, wayUp(a, source), wayUp(b, others[slot])))
  }
  a.givers.forEach((source, at) => pairWays(alignment, wayUp(a, source), wayUp(b, b.givers[at])))
  const queue = alignment.pairs()
  for (let next = queue.pop(); next; next = queue.pop()) {
    const [x, y] = next
    pairReaders(alignment, readersOf(a, x), readersOf(b, y)).forEach(([one, other]) => pair(one, other))
  }
  const [inputsA, inputsB] = [inputReaders(a), inputReaders(b)]
  for (const [index, readers] of inputsA) pairReaders(alignment, readers, inputsB.get(index) ?? []).forEach(([one, other]) => pair(one, other))
}

/** Transparent nodes before a source, the nearest first. */
function wayUp({ direct, isTransparent, nodes }: DiffGraph, source: Source | undefined): number[] {
  const way: number[] = []
  for (let at = source; at?.kind === 'node' && isTransparent[at.node] && way.length < nodes.length; at = direct.sources[at.node]?.[0]) way.push(at.node)
  return way
}

/** Pairs nodes of the same operator in order, skipping as few as that takes: the longest common subsequence. */
function pairWays(alignment: Alignment, xs: readonly number[], ys: readonly number[]): void {
  if (xs.length === 0 || ys.length === 0) return
  const longest = Array.from({ length: xs.length + 1 }, () => new Int32Array(ys.length + 1))
  const at = (i: number, j: number) => longest[i]?.[j] ?? 0
  const fits = (i: number, j: number) => canPair(alignment, xs[i] ?? -1, ys[j] ?? -1)
  for (let i = xs.length - 1; i >= 0; i--) {
    for (let j = ys.length - 1; j >= 0; j--) (longest[i] ?? [])[j] = fits(i, j) ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  }
  let [i, j] = [0, 0]
  while (i < xs.length && j < ys.length) {
    if (fits(i, j)) alignment.pair(xs[i++] ?? -1, ys[j++] ?? -1)
    else if (at(i + 1, j) >= at(i, j + 1)) i++
    else j++
  }
}

function canPair(alignment: Alignment, x: number, y: number): boolean {
  const { a, b } = alignment
  return alignment.isOpen(x, y) && a.isTransparent[x] === true && b.isTransparent[y] === true && a.nodes[x]?.opType === b.nodes[y]?.opType
}

function pairReaders(alignment: Alignment, xs: readonly number[], ys: readonly number[]): [number, number][] {
  const found: [number, number][] = []
  const taken = new Set<number>()
  for (const x of xs) {
    const fitting = ys.filter((y) => !taken.has(y) && canPair(alignment, x, y))
    const best = fitting.reduce<{ y: number; score: number } | null>((known, y) => {
      const score = 2 * alignment.support(x, y) + Number(alignment.a.nodes[x]?.name === alignment.b.nodes[y]?.name)
      return known && known.score >= score ? known : { y, score }
    }, null)
    if (!best || best.score < 0) continue
    taken.add(best.y)
    found.push([x, best.y])
  }
  return found
}

function readersOf({ direct, isTransparent }: DiffGraph, node: number): number[] {
  return [...new Set((direct.readers[node] ?? []).map((reader) => reader.node))].filter((reader) => isTransparent[reader])
}

function inputReaders({ direct, isTransparent }: DiffGraph): Map<number, number[]> {
  const readers = new Map<number, number[]>()
  direct.sources.forEach((sources, node) => {
    for (const source of sources) if (source.kind === 'input' && isTransparent[node]) readers.set(source.index, [...(readers.get(source.index) ?? []), node])
  })
  return readers
}
