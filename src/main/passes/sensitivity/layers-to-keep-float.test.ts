import { describe, expect, it } from 'vitest'
import { layersToKeepFloat } from './layers-to-keep-float'

const layers = (...sqnrDb: number[]) => sqnrDb.map((db, at) => ({ nodeId: at, nodeName: `layer ${at}`, opType: 'Conv', sqnrDb: db }))
const names = (sqnrDb: number[]) => layersToKeepFloat(layers(...sqnrDb), 10).map(({ nodeId }) => nodeId)

describe('layers to keep float', () => {
  it('are all up to the first that is too far off', () => {
    expect(names([27, 15, 7, 6, 1, 5])).toEqual([0, 1, 2])
  })

  it('are those at which most is lost, in the order of the graph, where the first low one comes late', () => {
    expect(names([40, 31, 30, 29, 20, 19, 18, 14, 13, 12, 9, 30, 2])).toEqual([1, 2, 4, 7, 10, 3].toSorted((a, b) => a - b))
  })

  it('are none where no layer is far off', () => {
    expect(names([27, 15, 12])).toEqual([])
    expect(names([])).toEqual([])
  })
})
