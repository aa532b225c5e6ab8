import type { LayerQuality } from '#shared/measurement'

const MOST_LAYERS = 6

/**
 * Layers to leave float first, in the order of the graph, by how far each is from the float model's with everything before it quantized:
 * all up to the first below `lowDb`, because what is lost there no later layer brings back; of more than six those at which
 * most is lost. Empty where no layer is so low.
 */
export function layersToKeepFloat(layers: readonly LayerQuality[], lowDb: number): LayerQuality[] {
  const low = layers.findIndex(({ sqnrDb }) => sqnrDb < lowDb)
  const before = layers.slice(0, low + 1)
  if (before.length <= MOST_LAYERS) return before
  const losses = before.map((layer, at) => ({ layer, at, lossDb: (before[at - 1]?.sqnrDb ?? layer.sqnrDb) - layer.sqnrDb }))
  const worst = losses.toSorted((a, b) => b.lossDb - a.lossDb).slice(0, MOST_LAYERS)
  return worst.toSorted((a, b) => a.at - b.at).map(({ layer }) => layer)
}
