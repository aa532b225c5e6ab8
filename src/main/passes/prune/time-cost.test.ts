import { expect, it } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, filledTensor } from '#shared/onnx/testing/build-model'
import { runner, testData } from '../testing/run-pass'
import { followChannels } from './channel-graph'
import { planGroups } from './plan'
import { measureTimeCost } from './time-cost'

it('measures a few counts of each group, coarser ones of wide groups, and takes no time for what it does not know', async () => {
  const document = new ModelDocument(
    buildModel({
      inputs: { x: 'float32[1,3,8,8]' },
      outputs: { y: 'float32[1,4,8,8]' },
      initializers: { a: filledTensor('float32', [64, 3, 1, 1], 1), b: filledTensor('float32', [16, 64, 1, 1], 1), c: filledTensor('float32', [4, 16, 1, 1], 1) },
      nodes: ['h = Conv(x, a)', 'g = Conv(h, b)', 'y = Conv(g, c)'],
    }),
  )
  const graph = followChannels(document)
  const told: string[] = []
  const { planned, cost } = await measureTimeCost(document, graph, {
    planned: planGroups(graph.groups, { roundTo: 1, mostOfGroup: 0.75 }),
    scores: graph.groups.map(({ units }) => new Float64Array(units.length)),
    context: { calibration: testData({ x: [1, 3, 8, 8] }, 1), runner, float: null, signal: new AbortController().signal, report: () => undefined, progress: (phase) => told.push(phase) },
  })
  const counts = planned.map((each) => each.counts).filter((each) => each.length > 1)
  // 48 counts of the wide group would be too many: every fourth; of the narrow one all.
  expect(counts.map(([full]) => full)).toEqual([64, 16])
  expect(counts[0]).toEqual([64, 60, 56, 52, 48, 44, 40, 36, 32, 28, 24, 20, 16])
  expect(counts[1]).toEqual([16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4])
  // Neighbours share a kernel, so they are cut one after the other.
  expect(told).toHaveLength(24)
  const whole = cost(graph.groups.map(() => 1))
  expect(whole).toBeGreaterThan(0)
  expect(cost(graph.groups.map(({ index }) => (index === 0 ? 0.99 : 1)))).toBe(whole)
})
