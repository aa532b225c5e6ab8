/** Keyboard steps over the graph: along the flow to what is read or fed, across it to the neighbour in sight. */
import type { Scene } from './scene'

export type ArrowKey = 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight'

/** The box that an arrow key goes to from `box`, or null where there is none. Portals count as edges. */
export function neighbourTowards(scene: Scene, box: number, key: ArrowKey): number | null {
  const { direction } = scene.layout
  const forwardKey = direction === 'down' ? 'ArrowDown' : 'ArrowRight'
  const backwardKey = direction === 'down' ? 'ArrowUp' : 'ArrowLeft'
  if (key === forwardKey) return nearestAcross(scene, box, scene.edgesOf[box]?.leaving.map((edge) => scene.graph.edges[edge]?.target) ?? [])
  if (key === backwardKey) return nearestAcross(scene, box, scene.edgesOf[box]?.entering.map((edge) => scene.graph.edges[edge]?.source) ?? [])
  return beside(scene, box, key === 'ArrowRight' || key === 'ArrowDown' ? 1 : -1)
}

function centreAcross({ layout }: Scene, box: number): number {
  return layout.direction === 'down' ? (layout.x[box] ?? 0) + (layout.width[box] ?? 0) / 2 : (layout.y[box] ?? 0) + (layout.height[box] ?? 0) / 2
}

function centreAlong({ layout }: Scene, box: number): number {
  return layout.direction === 'down' ? (layout.y[box] ?? 0) + (layout.height[box] ?? 0) / 2 : (layout.x[box] ?? 0) + (layout.width[box] ?? 0) / 2
}

function nearestAcross(scene: Scene, box: number, candidates: readonly (number | undefined)[]): number | null {
  const own = centreAcross(scene, box)
  let best: number | null = null
  for (const candidate of candidates) {
    if (candidate === undefined || candidate === box) continue
    if (best === null || Math.abs(centreAcross(scene, candidate) - own) < Math.abs(centreAcross(scene, best) - own)) best = candidate
  }
  return best
}

/** The next box to one side whose place along the flow is about the same. */
function beside(scene: Scene, box: number, sign: 1 | -1): number | null {
  const { layout } = scene
  const reach = 2000
  const across = centreAcross(scene, box)
  const along = centreAlong(scene, box)
  const near = 60
  const area =
    layout.direction === 'down'
      ? { x: sign > 0 ? across : across - reach, y: along - near, width: reach, height: 2 * near }
      : { x: along - near, y: sign > 0 ? across : across - reach, width: 2 * near, height: reach }
  let best: number | null = null
  for (const candidate of scene.boxIndex.query(area)) {
    const distance = (centreAcross(scene, candidate) - across) * sign
    if (candidate === box || distance <= 0) continue
    if (best === null || distance < (centreAcross(scene, best) - across) * sign) best = candidate
  }
  return best
}
