import type { LayerChange } from '#shared/ipc/jobs'

/** What a Conv's output is off by, as a share of it, for each number of depthwise and pointwise pairs. */
export interface TermErrors {
  readonly nodeId: number
  readonly name: string
  readonly isChanged: boolean
  /** Rising in pairs. */
  readonly points: readonly (readonly [pairs: number, error: number])[]
}

/** From the figures `error1`, `error2`, … that decoupling reports of a layer, changed or not. */
export function termErrors(changes: readonly LayerChange[]): TermErrors[] {
  return changes.flatMap(({ nodeId, nodeName, opType, isChanged, figures }) => {
    const points = Object.entries(figures).flatMap(([figure, error]): [number, number][] => {
      const pairs = /^error(\d+)$/.exec(figure)?.[1]
      return pairs === undefined ? [] : [[Number(pairs), error]]
    })
    return points.length === 0 ? [] : [{ nodeId, name: nodeName || `${opType} ${nodeId}`, isChanged, points: points.sort(([a], [b]) => a - b) }]
  })
}
