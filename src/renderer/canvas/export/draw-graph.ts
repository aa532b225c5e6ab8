import type { DrawGraph } from '#shared/graph-picture'
import { layeredLayout } from '../layout/layered-layout'
import { buildCanvasGraph } from '../scene/canvas-graph'
import { composeLevels } from '../scene/compose-levels'
import { levelRequests, withoutGroups } from '../scene/levels'
import { createScene } from '../scene/scene'
import { sceneSvg } from './scene-svg'

const MARGIN = 24

/** Arranges the whole graph, groups unfolded, and draws it. Works without a window: the command line uses it. */
export const drawGraph: DrawGraph = (view, { theme, direction, names, attributes, font }) => {
  const levelled = withoutGroups(buildCanvasGraph(view, { names, attributes, weights: true, functions: [] }))
  const layouts = levelRequests(levelled, direction).map(layeredLayout)
  const scene = createScene(levelled, composeLevels(levelled, layouts, new Set()))
  const { totalWidth, totalHeight } = scene.layout
  const area = { x: -MARGIN, y: -MARGIN, width: totalWidth + 2 * MARGIN, height: totalHeight + 2 * MARGIN }
  return { svg: sceneSvg(scene, { area, theme, heat: null, font }), width: Math.ceil(area.width), height: Math.ceil(area.height) }
}
