import { basename } from 'node:path'
import ELK, { type ElkNode } from 'elkjs/lib/elk.bundled.js'
import { ModelDocument } from '#shared/onnx/document'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import { viewGraph } from '#shared/onnx/view/view-graph'
import { openModelFile } from '../../src/main/runtime/model-file'
import { layeredLayout } from '../../src/renderer/canvas/layout/layered-layout'
import type { LayoutRequest } from '../../src/renderer/canvas/layout/layout-graph'
import { layoutRequest } from '../../src/renderer/canvas/scene/box-size'
import { buildCanvasGraph } from '../../src/renderer/canvas/scene/canvas-graph'
import { modelFiles, ownModelsFolder, sharedModelsFolder } from '../fixtures/shared-models'
import type { Bench } from './bench'

const MOST_NODES = 300
const FEWEST_NODES = 20
/** Enough models to judge by, taken evenly from the sorted list. */
const MOST_MODELS = 24

/** One layout as lines: x, y alternating. */
type Lines = readonly (readonly number[])[]

interface Quality {
  readonly crossings: number
  readonly length: number
}

export const layoutQuality: Bench = {
  name: 'layout-quality',
  title: `Crossings and edge length against elkjs layered (polyline), models of ${FEWEST_NODES} to ${MOST_NODES} boxes; edges that we name instead of drawing are left out of both`,
  async *run() {
    const elk = new ELK()
    const ours = { crossings: 0, length: 0 }
    const theirs = { crossings: 0, length: 0 }
    let models = 0
    let edges = 0
    let named = 0
    for (const { request } of chosenRequests()) {
      const layout = layeredLayout(request)
      const drawn = [...layout.portal.keys()].filter((edge) => layout.portal[edge] === 0)
      const own = qualityOf(drawn.map((edge) => Array.from(layout.points.subarray(2 * layout.pointStart[edge]!, 2 * layout.pointStart[edge + 1]!))))
      const peer = qualityOf(await elkLines(elk, request, drawn))
      ours.crossings += own.crossings
      ours.length += own.length
      theirs.crossings += peer.crossings
      theirs.length += peer.length
      models++
      edges += layout.portal.length
      named += layout.portal.length - drawn.length
    }
    const note = `${models} models; ${named} of ${edges} edges named instead of drawn`
    yield { name: `crossings, ours over elkjs (${ours.crossings} to ${theirs.crossings})`, unit: '×', value: ours.crossings / Math.max(1, theirs.crossings), runs: 1, atMost: 1.1, note }
    yield { name: 'total edge length, ours over elkjs', unit: '×', value: ours.length / Math.max(1, theirs.length), runs: 1, atMost: 1.1, note }
  },
}

function chosenRequests(): { name: string; request: LayoutRequest }[] {
  const found = [...modelFiles(ownModelsFolder), ...modelFiles(sharedModelsFolder)].filter((path) => path.endsWith('.onnx')).flatMap((path) => {
    const request = requestOf(path)
    return request !== null && request.widths.length >= FEWEST_NODES && request.widths.length <= MOST_NODES ? [{ name: basename(path), request }] : []
  })
  const step = Math.max(1, found.length / MOST_MODELS)
  return Array.from({ length: Math.min(MOST_MODELS, found.length) }, (_, at) => found[Math.floor(at * step)]).flatMap((entry) => entry ?? [])
}

/** Null for a file that is no model: some of the shared ones are broken on purpose. */
function requestOf(path: string): LayoutRequest | null {
  let file
  try {
    file = openModelFile(path)
  } catch {
    return null
  }
  try {
    const document = new ModelDocument(file.model)
    const view = viewGraph({ document, graph: file.model.graph, types: inferTypes(document) })
    return layoutRequest(buildCanvasGraph(view, { names: false, attributes: false, weights: true, functions: [] }), 'down')
  } finally {
    file.close()
  }
}

async function elkLines(elk: InstanceType<typeof ELK>, request: LayoutRequest, drawn: readonly number[]): Promise<Lines> {
  const graph: ElkNode = {
    id: 'root',
    layoutOptions: { 'elk.algorithm': 'layered', 'elk.direction': 'DOWN', 'elk.edgeRouting': 'POLYLINE', 'elk.layered.spacing.nodeNodeBetweenLayers': '48' },
    children: Array.from(request.widths, (width, node) => ({ id: `n${node}`, width, height: request.heights[node] ?? 0 })),
    edges: drawn.map((edge) => ({ id: `e${edge}`, sources: [`n${request.edgeSource[edge]}`], targets: [`n${request.edgeTarget[edge]}`] })),
  }
  const laidOut = await elk.layout(graph)
  return (laidOut.edges ?? []).map(({ sections = [] }) => sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [startPoint, ...bendPoints, endPoint].flatMap(({ x, y }) => [x, y])))
}

/** Curves count as the straight lines between their ends. */
function qualityOf(lines: Lines): Quality {
  const segments = lines.flatMap((points, edge) =>
    Array.from({ length: Math.max(0, points.length / 2 - 1) }, (_, i) => ({ edge, x1: points[2 * i]!, y1: points[2 * i + 1]!, x2: points[2 * i + 2]!, y2: points[2 * i + 3]! })),
  )
  let crossings = 0
  segments.forEach((a, i) => {
    for (let j = i + 1; j < segments.length; j++) {
      const b = segments[j]!
      if (a.edge !== b.edge && cross(a, b)) crossings++
    }
  })
  return { crossings, length: segments.reduce((sum, { x1, y1, x2, y2 }) => sum + Math.hypot(x2 - x1, y2 - y1), 0) }
}

interface Segment {
  x1: number
  y1: number
  x2: number
  y2: number
}

/** Whether the insides of two segments meet in one point; touching ends and running on each other do not count. */
function cross(a: Segment, b: Segment): boolean {
  const side = (s: Segment, x: number, y: number) => Math.sign((s.x2 - s.x1) * (y - s.y1) - (s.y2 - s.y1) * (x - s.x1))
  return side(a, b.x1, b.y1) * side(a, b.x2, b.y2) < 0 && side(b, a.x1, a.y1) * side(b, a.x2, a.y2) < 0
}
