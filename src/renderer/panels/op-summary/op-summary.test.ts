import { expect, test } from 'vitest'
import { summarizeOps } from './op-summary'
import { sampleView } from '../../canvas/scene/graph-view-sample'

test('a summary counts nodes and sums parameters and MACs by type, the most frequent first', () => {
  const { nodes } = sampleView(['Relu(x) -> a', 'Conv(a, W) -> b', 'Relu(b) -> y'], { initializers: { W: [8, 3] } })
  const measured = nodes.map((node, at) => ({ ...node, macs: at === 1 ? 500 : 2 }))
  expect(summarizeOps(measured)).toEqual([
    { type: ':Relu', opType: 'Relu', domain: '', nodeIds: [1, 3], parameterCount: 0, parameterBytes: 0, macs: 4 },
    { type: ':Conv', opType: 'Conv', domain: '', nodeIds: [2], parameterCount: 10, parameterBytes: 0, macs: 500 },
  ])
})

test('MACs of a type are unknown as soon as those of one node are', () => {
  const { nodes } = sampleView(['Relu(x) -> a', 'Relu(a) -> y'])
  const [first, second] = nodes
  expect(summarizeOps([{ ...first!, macs: 3 }, second!])[0]?.macs).toBeNull()
})
