/** How sparse each layer becomes, and which of its weights are set to zero. */
import type { LinearLayer } from '../factorize/linear-layer'

export const SCOPES = ['global', 'layer', 'channel', 'sensitivity'] as const
export type Scope = (typeof SCOPES)[number]

/** So many of `outOf` neighbours along the inputs are kept: 2:4, 1:4. */
export interface Pattern {
  readonly kept: number
  readonly outOf: number
}

export interface ScoredLayer {
  readonly layer: LinearLayer
  /** [rows, columns]; what the output loses without the weight. */
  readonly scores: Float32Array
}

/** A layer that is nearly empty breaks the model whatever the ranking says. */
const HIGHEST = 0.95

/** Scores |w|·‖x‖ (Wanda, Sun et al. 2023), squared; without squares of the inputs w² alone. */
export function scoreWeights(weights: Float32Array, squares: Float64Array | null): Float32Array {
  if (!squares) return weights.map((weight) => weight * weight)
  const columns = squares.length
  return weights.map((weight, at) => weight * weight * (squares[at % columns] as number))
}

/**
 * Share of zeros for each layer so that all together have `sparsity`. Within a layer or channel it is the same for all. `global` ranks
 * the weights of all layers together; `sensitivity` does so by what each contributes to its own layer's output, so that layers in which
 * few weights carry much keep more.
 */
export function layerSparsity(layers: readonly ScoredLayer[], scope: Scope, sparsity: number): number[] {
  if (scope === 'layer' || scope === 'channel') return layers.map(() => sparsity)
  const ranks = layers.map(({ scores }) => {
    const total = scope === 'sensitivity' ? scores.reduce((sum, score) => sum + score, 0) : 1
    return total > 0 ? scores.map((score) => score / total) : scores
  })
  const all = new Float32Array(ranks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const values of ranks) {
    all.set(values, at)
    at += values.length
  }
  all.sort()
  const threshold = all[Math.min(all.length - 1, Math.floor(sparsity * all.length))] ?? 0
  return ranks.map((values) => Math.min(HIGHEST, values.reduce((count, value) => (value < threshold ? count + 1 : count), 0) / values.length))
}

export interface MaskOptions {
  readonly sparsity: number
  /** True: each output channel by itself. */
  readonly byRow: boolean
  /** In place of a share. */
  readonly pattern: Pattern | null
}

/** 1 where a weight stays, 0 where it goes: those with the least scores, the first of equal ones. */
export function maskOf({ layer: { rows, columns }, scores }: ScoredLayer, { sparsity, byRow, pattern }: MaskOptions): Uint8Array {
  const mask = new Uint8Array(scores.length).fill(1)
  if (pattern) {
    for (let row = 0; row < rows; row++) maskPattern(mask, scores, { from: row * columns, to: (row + 1) * columns }, pattern)
  } else if (byRow) {
    for (let row = 0; row < rows; row++) maskLeast(mask, scores, { from: row * columns, to: (row + 1) * columns }, sparsity)
  } else maskLeast(mask, scores, { from: 0, to: scores.length }, sparsity)
  return mask
}

export interface Range {
  readonly from: number
  readonly to: number
}

export function maskLeast(mask: Uint8Array, scores: Float32Array, { from, to }: Range, sparsity: number): void {
  let left = Math.round(sparsity * (to - from))
  if (left <= 0) return
  const threshold = scores.slice(from, to).sort()[left - 1] as number
  for (let at = from; at < to; at++) {
    if ((scores[at] as number) >= threshold) continue
    mask[at] = 0
    left--
  }
  for (let at = from; at < to && left > 0; at++) {
    if (scores[at] !== threshold) continue
    mask[at] = 0
    left--
  }
}

/** A last group with fewer members than `kept` stays whole. */
export function maskPattern(mask: Uint8Array, scores: Float32Array, { from, to }: Range, { kept, outOf }: Pattern): void {
  for (let start = from; start < to; start += outOf) {
    const group = Array.from({ length: Math.min(outOf, to - start) }, (_, at) => start + at)
    group.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
    for (const at of group.slice(kept)) mask[at] = 0
  }
}
