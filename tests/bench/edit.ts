import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import type { EditCommand } from '#shared/ipc/edit-commands'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { OpenModel } from '../../src/main/engine/open-model'
import { openDrafts } from '../../src/main/workspace/drafts'
import { buildChainModel } from '../fixtures/chain-model'
import { type Bench, spreadOf } from './bench'

const TURNS = 500
const WARMUP = 3

/** One edit of each sort that people make, on a model of ten nodes a turn. */
function editsOf(round: number): Record<string, EditCommand> {
  const turn = 100 + round
  return {
    'rename a node': { kind: 'renameNode', node: `x${turn + 1}`, name: `softmax_${turn}` },
    'set an attribute': { kind: 'setAttribute', node: `x${turn + 1}`, attribute: { name: 'axis', type: 'int', value: 1 } },
    'rewire an input': { kind: 'setInput', node: `a${turn}`, input: 0, value: `r${turn}` },
    'rename a value': { kind: 'renameValue', from: `m${turn}`, to: `product_${turn}` },
    'insert a node': { kind: 'insertNode', value: `e${turn}`, input: 0, node: { opType: 'Identity', domain: '', inputs: [], attributes: [] } },
    'remove a node': { kind: 'removeNodes', nodes: [`f${turn}`], mode: 'reconnect' },
    // Changes every shape of the model.
    'change the batch size': { kind: 'setDimension', input: 'x0', axis: 0, dim: round % 2 === 0 ? 8 : 16 },
  }
}

export const edit: Bench = {
  name: 'edit',
  title: 'Edits of an open model: carried out, checked, types inferred, difference for the window, draft written',
  async *run({ scratch, runs }) {
    const path = join(scratch, 'chain.onnx')
    writeFileSync(path, joinPieces(encodeModel(buildChainModel(TURNS))))
    const model = OpenModel.open({ documentId: 'bench', path, drafts: openDrafts(join(scratch, 'drafts')), loadCheck: null })
    const nodes = model.document.model.graph.nodes.length
    model.showGraph(model.document.model.graph)
    const samples = new Map<string, number[]>()
    const processor = new Map<string, number[]>()
    const time = async (name: string, work: () => Promise<unknown>, counts: boolean) => {
      const [startedAt, used] = [performance.now(), process.cpuUsage()]
      await work()
      const { user, system } = process.cpuUsage(used)
      if (!counts) return
      samples.set(name, [...(samples.get(name) ?? []), performance.now() - startedAt])
      processor.set(name, [...(processor.get(name) ?? []), (user + system) / 1000])
    }
    for (let round = 0; round < runs + WARMUP; round++) {
      for (const [name, command] of Object.entries(editsOf(round))) {
        await time(name, () => model.edit(undefined, [command]), round >= WARMUP)
        await time(`undo: ${name}`, () => model.goTo((revision) => revision - 1), round >= WARMUP)
        await model.goTo((revision) => revision + 1)
      }
    }
    model.close('discard')
    for (const [name, wallMs] of samples) {
      yield { name, unit: 'ms' as const, ...spreadOf(wallMs), atMost: 100, note: `${nodes} nodes; processor time ${spreadOf(processor.get(name) ?? []).value.toFixed(1)} ms` }
    }
  },
}
