import { constantTensor, elementsOf, isFloat32 } from '../constants'
import { floatValues } from '../weight-store'
import type { ChannelGraph, ChannelGroup } from './channel-graph'
import type { ChannelMap, ChannelSpace } from './channel-space'
import type { LayerAxes } from './trace'

/** The unit that stands in for one that went, and by what its values are multiplied. */
export interface Match {
  readonly unit: number
  readonly scale: number
}

/** Filters less alike than this say nothing of each other. */
const LEAST_COSINE = 0.3

/**
 * For each unit that went, the kept one of its group whose filters point most nearly the same way, by their representatives. Behind
 * activations that keep scales (ReLU), outputs are then as much alike, times the ratio of the filters' sizes. Filters that add up to one
 * channel (a residual) count as one; a depthwise one behind them counts by itself. Units without a match are left out, and groups whose
 * channels are normalized after, where sizes say nothing.
 */
export function nearestKept(graph: ChannelGraph, removed: ReadonlySet<number>): Map<number, Match> {
  const matches = new Map<number, Match>()
  for (const group of graph.groups) {
    const gone = group.units.filter((unit) => removed.has(unit))
    if (gone.length === 0 || group.producers.some((layer) => isNormalized(graph, layer))) continue
    const filters = filtersOf(graph, group)
    if (!filters) continue
    const kept = group.units.filter((unit) => !removed.has(unit))
    for (const unit of gone) {
      let best: { cosine: number; match: Match } | null = null
      for (const other of kept) {
        const { cosine, scale } = compare(filters.get(unit) ?? [], filters.get(other) ?? [])
        if (cosine >= Math.max(LEAST_COSINE, best?.cosine ?? 0)) best = { cosine, match: { unit: other, scale } }
      }
      if (best) matches.set(unit, best.match)
    }
  }
  return matches
}

function isNormalized({ trace }: ChannelGraph, { node }: LayerAxes): boolean {
  return trace.document.index(trace.graph).consumers(node.outputs[0] ?? '').some(({ opType }) => opType.endsWith('Normalization'))
}

/** Of each unit: the weights that make it, and those of each depthwise layer behind. Null where some cannot be read. */
function filtersOf({ trace }: ChannelGraph, { producers, units }: ChannelGroup): Map<number, number[][]> | null {
  const filters = new Map(units.map((unit): [number, number[][]] => [unit, [[]]]))
  for (const { node, weight, output, outputAxis, inputAxis } of producers) {
    const tensor = constantTensor(trace.document, trace.graph, weight)
    if (!tensor || !isFloat32(tensor) || !output || tensor.dims[outputAxis] !== output.length) return null
    const values = floatValues(tensor)
    const bias = constantTensor(trace.document, trace.graph, node.inputs[2] ?? '')
    const biases = bias && isFloat32(bias) && elementsOf(bias.dims) === output.length ? floatValues(bias) : null
    const inner = elementsOf(tensor.dims.slice(outputAxis + 1))
    for (const [unit, places] of placesOfUnits(trace.space, output)) {
      const own = filters.get(unit)
      if (!own) continue
      if (inputAxis === null) own.push([])
      const into = inputAxis === null ? own.at(-1) : own[0]
      for (const at of places) {
        for (let outer = at * inner; outer < values.length; outer += inner * output.length) for (let place = 0; place < inner; place++) into?.push(values[outer + place] as number)
        if (biases) into?.push(biases[at] as number)
      }
    }
  }
  return filters
}

/** Of lists of filters in the same order; 0 where one points the other way. */
function compare(gone: readonly (readonly number[])[], kept: readonly (readonly number[])[]): { cosine: number; scale: number } {
  let [cosine, scale] = [1, 1]
  for (const [part, own] of gone.entries()) {
    const other = kept[part] ?? []
    if (own.length === 0 && other.length === 0) continue
    const [size, otherSize, product] = [Math.sqrt(dot(own, own)), Math.sqrt(dot(other, other)), dot(own, other)]
    cosine *= size > 0 && otherSize > 0 ? Math.max(0, product / (size * otherSize)) : 0
    scale *= otherSize > 0 ? size / otherSize : 0
  }
  return { cosine, scale }
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] ?? 0)
  return sum
}

/** Indices of a map, by the representative of the channel they are. */
export function placesOfUnits(space: ChannelSpace, map: ChannelMap): Map<number, number[]> {
  const places = new Map<number, number[]>()
  for (const [at, channel] of map.entries()) {
    const unit = space.root(channel)
    const own = places.get(unit)
    if (own) own.push(at)
    else places.set(unit, [at])
  }
  return places
}
