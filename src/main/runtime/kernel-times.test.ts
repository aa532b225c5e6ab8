import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readKernelTimes } from './kernel-times'

const folder = mkdtempSync(join(tmpdir(), 'edgefit-kernel-times-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

/** A file as onnxruntime writes it: kernels as they end, and after each inference an event for it as a whole. */
function profile(runs: [name: string, op: string, ts: number, dur: number][][]): string {
  const event = (cat: string, name: string, rest: object) => JSON.stringify({ cat, pid: 1, tid: 1, ph: 'X', name, ...rest })
  const lines = [event('Session', 'model_loading_uri', { ts: 0, dur: 5, args: {} })]
  for (const kernels of runs) {
    for (const [name, op_name, ts, dur] of kernels) lines.push(event('Node', `${name}_kernel_time`, { ts, dur, args: { op_name, provider: 'CPUExecutionProvider', node_index: '1' } }))
    lines.push(event('Session', 'SequentialExecutor::Execute', { ts: 0, dur: 1, args: {} }), event('Session', 'model_run', { ts: 0, dur: 1, args: {} }))
  }
  const path = join(folder, `profile-${++files}.json`)
  writeFileSync(path, `[\n${lines.join(',\n')}\n]\n`)
  return path
}

test('times are by inference, those of the first ones left out', async () => {
  const path = profile([[['a', 'Conv', 0, 900]], [['a', 'Conv', 0, 10], ['b', 'Relu', 10, 2]], [['a', 'Conv', 0, 20], ['b', 'Relu', 20, 4]]])
  expect(await readKernelTimes(path, 1)).toEqual([
    { name: 'a', opType: 'Conv', provider: 'CPUExecutionProvider', perRunUs: [10, 20], calls: 2 },
    { name: 'b', opType: 'Relu', provider: 'CPUExecutionProvider', perRunUs: [2, 4], calls: 2 },
  ])
})

test('a loop has the time of its body taken off, in loops within loops too, and its rounds are added up', async () => {
  const path = profile([
    [
      ['before', 'Add', 0, 5],
      ['inner', 'Exp', 12, 10],
      ['innerLoop', 'Loop', 11, 15],
      ['inner', 'Exp', 32, 10],
      ['innerLoop', 'Loop', 31, 14],
      ['loop', 'Loop', 10, 50],
      ['after', 'Add', 61, 3],
    ],
  ])
  const times = Object.fromEntries((await readKernelTimes(path, 0)).map(({ name, perRunUs, calls }) => [name, [perRunUs[0], calls]]))
  expect(times).toEqual({ before: [5, 1], inner: [20, 2], innerLoop: [9, 2], loop: [21, 1], after: [3, 1] })
})

test('a branch that was not taken took no time', async () => {
  const path = profile([[['then', 'Exp', 1, 7], ['if', 'If', 0, 10]], [['else', 'Sin', 1, 3], ['if', 'If', 0, 5]]])
  const times = Object.fromEntries((await readKernelTimes(path, 0)).map(({ name, perRunUs }) => [name, perRunUs.toSorted((a, b) => a - b)]))
  expect(times).toEqual({ then: [0, 7], if: [2, 3], else: [0, 3] })
})
