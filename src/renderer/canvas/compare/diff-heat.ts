/** Differences as colours of boxes. */
import type { DiffMark } from './compare-index'
import { diffTones, type DiffTone } from './compare-index'
import { formatPercent, quantityText } from '../../format/format-number'
import type { CanvasGraph } from '../scene/canvas-graph'
import type { Heat, ToneMark } from '../scene/heat'

/** Boxes without a difference are missing; a folded group has the gravest tone of its nodes, and how many of them differ. */
export function diffHeat(graph: CanvasGraph, marks: ReadonlyMap<number, DiffMark>): Heat {
  const values = new Map<number, ToneMark>()
  graph.boxes.forEach((box, index) => {
    if (box.kind === 'op') {
      const mark = marks.get(box.node.id)
      if (mark !== undefined) values.set(index, { tone: mark.tone, text: mark.relativeError === null ? '' : errorText(mark.relativeError) })
    } else if (box.kind === 'group' && !box.expanded) {
      const inside = box.group.nodeIds.flatMap((id) => marks.get(id)?.tone ?? [])
      const tone = gravest(inside)
      if (tone !== null) values.set(index, { tone, text: `Δ ${inside.length}` })
    }
  })
  return { values, legend: null }
}

/** `0.83 %`; of equal values `0 %`, and `< 0.1 %` where one digit would say nothing. */
export function errorText(relativeError: number): string {
  if (relativeError > 0 && relativeError < 0.001) return '< 0.1 %'
  return relativeError === 0 ? '0 %' : quantityText(formatPercent(relativeError))
}

function gravest(tones: readonly DiffTone[]): DiffTone | null {
  return diffTones.find((tone) => tones.includes(tone)) ?? null
}
