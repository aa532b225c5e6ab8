/** Finds stretches of the node order in which the same operators come again and again: layers of a network. */
import type { CanvasBox, CanvasGraph } from './canvas-graph'

export interface Repeat {
  /** Place of the first block's first box in the sequence. */
  readonly start: number
  /** Boxes in one block. */
  readonly period: number
  readonly copies: number
}

const SHORTEST = 3
const LONGEST = 800
/** Searching ends after this many different series. */
const MOST_SERIES = 12

/**
 * Stretches of `sequence` (boxes in the model's order) that repeat at least once, none overlapping another, by their place.
 * The stretch with most boxes in it comes first, of several periods the shortest; a block then starts where fewest values cross
 * from one to the next.
 */
export function findRepeats(graph: CanvasGraph, sequence: readonly number[]): Repeat[] {
  const words = new Map<string, number>()
  const tokens = Int32Array.from(sequence, (box) => wordNumber(words, graph.boxes[box]))
  const cuts = crossings(graph, sequence)
  const found: Repeat[] = []
  const search = (from: number, to: number): void => {
    if (to - from < 2 * SHORTEST || found.length >= MOST_SERIES) return
    const best = longestRepeat(tokens, from, to)
    if (best === null) return
    const { start, period, length } = best
    const copies = Math.floor(length / period)
    const slack = length - copies * period
    let shift = 0
    for (let candidate = 1; candidate <= slack; candidate++) {
      if (cuts[start + candidate + period]! < cuts[start + shift + period]!) shift = candidate
    }
    found.push({ start: start + shift, period, copies })
    search(from, start + shift)
    search(start + shift + copies * period, to)
  }
  search(0, tokens.length)
  return found.sort((a, b) => a.start - b.start)
}

/** Operator, number of inputs and outputs: what is the same in every layer, also where shapes or attributes differ. */
function wordNumber(words: Map<string, number>, box: CanvasBox | undefined): number {
  const word = box?.kind === 'op' ? `${box.node.domain}:${box.node.opType}:${box.node.inputs.length}:${box.node.outputs.length}` : ''
  const known = words.get(word)
  if (known !== undefined) return known
  words.set(word, words.size)
  return words.size - 1
}

/** How many values cross each place of the sequence: made before it, read at or after it. */
function crossings(graph: CanvasGraph, sequence: readonly number[]): Int32Array {
  const place = new Map(sequence.map((box, at) => [box, at]))
  const first = new Map<number, number>()
  const last = new Map<number, number>()
  for (const { source, target, value } of graph.edges) {
    const [from, to] = [place.get(source), place.get(target)]
    if (from === undefined || to === undefined || to <= from) continue
    first.set(value, from)
    last.set(value, Math.max(last.get(value) ?? 0, to))
  }
  const counts = new Int32Array(sequence.length + 2)
  for (const [value, from] of first) {
    counts[from + 1]! += 1
    counts[(last.get(value) ?? from) + 1]! -= 1
  }
  for (let at = 1; at < counts.length; at++) counts[at]! += counts[at - 1]!
  return counts
}

interface Stretch {
  start: number
  period: number
  length: number
}

function longestRepeat(tokens: Int32Array, from: number, to: number): Stretch | null {
  let best: Stretch | null = null
  let covered = 0
  const longest = Math.min(LONGEST, Math.floor((to - from) / 2))
  for (let period = 1; period <= longest; period++) {
    let run = 0
    for (let at = from; at + period <= to; at++) {
      if (at + period < to && tokens[at] === tokens[at + period]) {
        run++
        continue
      }
      if (run >= period) {
        const length = run + period
        const whole = length - (length % period)
        // A period that repeats inside itself is no block of its own; shorter ones come first.
        if (whole > covered && period >= SHORTEST && isPrimitive(tokens, at - run, period)) {
          best = { start: at - run, period, length }
          covered = whole
        }
      }
      run = 0
    }
  }
  return best
}

function isPrimitive(tokens: Int32Array, start: number, period: number): boolean {
  for (let part = 1; part <= period / 2; part++) {
    if (period % part !== 0) continue
    let same = true
    for (let at = start; same && at + part < start + period; at++) same = tokens[at] === tokens[at + part]
    if (same) return false
  }
  return true
}
