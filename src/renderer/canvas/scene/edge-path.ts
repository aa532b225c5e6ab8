/** Edges as SVG path data. */
import type { LayoutResult } from '../layout/layout-graph'

/** Straight along the flow, or a curve that leaves and arrives along it; with an arrowhead at the end. Empty for portals. */
export function edgePath(layout: LayoutResult, edge: number): string {
  const start = layout.pointStart[edge] ?? 0
  const end = layout.pointStart[edge + 1] ?? 0
  if (end - start < 2) return ''
  const down = layout.direction === 'down'
  const x = (i: number) => round(layout.points[2 * i] ?? 0)
  const y = (i: number) => round(layout.points[2 * i + 1] ?? 0)
  let path = `M${x(start)} ${y(start)}`
  for (let i = start + 1; i < end; i++) {
    const [fromX, fromY, toX, toY] = [x(i - 1), y(i - 1), x(i), y(i)]
    if (down ? fromX === toX : fromY === toY) path += `L${toX} ${toY}`
    else if (down) path += `C${fromX} ${(fromY + toY) / 2} ${toX} ${(fromY + toY) / 2} ${toX} ${toY}`
    else path += `C${(fromX + toX) / 2} ${fromY} ${(fromX + toX) / 2} ${toY} ${toX} ${toY}`
  }
  const [tipX, tipY] = [x(end - 1), y(end - 1)]
  return down ? `${path}M${tipX - 4} ${tipY - 7}L${tipX} ${tipY - 1}L${tipX + 4} ${tipY - 7}` : `${path}M${tipX - 7} ${tipY - 4}L${tipX - 1} ${tipY}L${tipX - 7} ${tipY + 4}`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
