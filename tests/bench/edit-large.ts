import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeLargeExternalModel } from '../fixtures/large-model'
import { type Bench, spreadOf } from './bench'
import { runCommandLine } from './command-line'

const RUNS = 3

export const editLarge: Bench = {
  name: 'edit-large',
  title: '`edgefit edit` renaming a node in 2 GiB of external weights: opened, edited, checked in onnxruntime, saved in place',
  async *run(context) {
    const folder = join(context.scratch, 'edit-large')
    const { modelPath, sizeBytes, nodeCount } = writeLargeExternalModel(folder, { bytes: 2 ** 31 })
    const seconds: number[] = []
    const largest: number[] = []
    const all: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const commands = join(folder, 'commands.json')
      writeFileSync(commands, JSON.stringify([{ kind: 'renameNode', node: 'layer3.Add', name: `renamed-${run}` }]))
      const { wallMs, resources } = await runCommandLine(['edit', modelPath, '--commands', commands, '-o', modelPath, '--json'], context)
      seconds.push(wallMs / 1000)
      writeFileSync(commands, JSON.stringify([{ kind: 'renameNode', node: `renamed-${run}`, name: 'layer3.Add' }]))
      await runCommandLine(['edit', modelPath, '--commands', commands, '-o', modelPath, '--force'], context)
      if (!resources) continue
      largest.push(resources.largestBytes / 1e6)
      all.push(resources.allBytes / 1e6)
    }
    yield { name: 'wall clock', unit: 's', ...spreadOf(seconds), atMost: 10, note: `${(sizeBytes / 1e9).toFixed(2)} GB, ${nodeCount} nodes; weights are holes of a sparse file` }
    if (largest.length > 0) {
      yield { name: 'peak resident, largest process', unit: 'MB', ...spreadOf(largest), atMost: 1500 }
      yield { name: 'peak resident, all processes added up', unit: 'MB', ...spreadOf(all), atMost: 1500, note: 'shared pages are counted in each' }
    }
  },
}
