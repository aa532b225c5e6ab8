/** Where the second canvas looks while the first one moves: what is in the middle of one is in the middle of the other. */
import { boxArea, type Scene } from '../scene/scene'

export interface Point {
  readonly x: number
  readonly y: number
}

/** Boxes that belong together: centres in both scenes, and the box of the first. */
export interface Anchor {
  readonly box: number
  readonly from: Point
  readonly to: Point
}

/** An anchor that a person chose counts this much more than others at the same distance. */
const CHOSEN_WEIGHT = 10_000

interface Looking {
  readonly centre: Point
  /** What is farther away does not count: half the diagonal of the view. */
  readonly reach: number
  /** Box of the anchor to hold on to, as long as it is within reach. */
  readonly chosen: number | null
}

/** Distances below this part of the reach differ little: else each anchor would draw the view to itself as it passes. */
const SOFTNESS = 1 / 12

/**
 * Shepard's interpolation (Franke and Little's weights, `((R − d) / R d)²`, softened near d = 0) of the offsets between anchors.
 * Null where no anchor is within reach.
 */
export function mapCentre(anchors: readonly Anchor[], { centre, reach, chosen }: Looking): Point | null {
  const softness = reach * SOFTNESS
  let total = 0
  let x = 0
  let y = 0
  for (const { box, from, to } of anchors) {
    const distance = Math.hypot(from.x - centre.x, from.y - centre.y)
    if (distance >= reach) continue
    const weight = ((reach - distance) / (reach * Math.hypot(distance, softness))) ** 2 * (box === chosen ? CHOSEN_WEIGHT : 1)
    total += weight
    x += weight * (to.x - from.x)
    y += weight * (to.y - from.y)
  }
  return total === 0 ? null : { x: centre.x + x / total, y: centre.y + y / total }
}

/** Boxes of the first scene with their counterparts in the second, by what their nodes, inputs and outputs are paired with. */
export function anchorsBetween(from: Scene, to: Scene, partners: ReadonlyMap<number, readonly number[]>): Anchor[] {
  const anchors = new Map<number, Anchor>()
  const add = (box: number | undefined, other: number | undefined) => {
    if (box === undefined || other === undefined || anchors.has(box)) return
    anchors.set(box, { box, from: centreOf(from, box), to: centreOf(to, other) })
  }
  for (const [nodeId, box] of from.graph.boxOfNode) {
    const [partner] = partners.get(nodeId) ?? []
    if (partner !== undefined) add(box, to.graph.boxOfNode.get(partner))
  }
  for (const [name, box] of from.graph.boxOfInput) add(box, to.graph.boxOfInput.get(name))
  for (const [name, box] of from.graph.boxOfOutput) add(box, to.graph.boxOfOutput.get(name))
  return [...anchors.values()]
}

function centreOf({ layout }: Scene, box: number): Point {
  const { x, y, width, height } = boxArea(layout, box)
  return { x: x + width / 2, y: y + height / 2 }
}
