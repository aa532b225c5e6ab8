import { join } from 'node:path'
import { writeLargeExternalModel } from '../fixtures/large-model'
import { type Bench, spreadOf } from './bench'
import { runCommandLine } from './command-line'

const RUNS = 5

export const inspectLarge: Bench = {
  name: 'inspect-large',
  title: '`edgefit inspect` on 2 GiB of external weights, from start to exit of the process',
  async *run(context) {
    const { modelPath, sizeBytes, nodeCount } = writeLargeExternalModel(join(context.scratch, 'large'), { bytes: 2 ** 31 })
    const seconds: number[] = []
    const largest: number[] = []
    const all: number[] = []
    const processor: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const { wallMs, resources } = await runCommandLine(['inspect', modelPath, '--json'], context)
      seconds.push(wallMs / 1000)
      if (!resources) continue
      largest.push(resources.largestBytes / 1e6)
      all.push(resources.allBytes / 1e6)
      processor.push(resources.processorMs / 1000)
    }
    yield { name: 'wall clock', unit: 's', ...spreadOf(seconds), atMost: 1, note: `${(sizeBytes / 1e9).toFixed(2)} GB, ${nodeCount} nodes` }
    if (largest.length > 0) {
      yield { name: 'processor time, all processes', unit: 's', ...spreadOf(processor) }
      yield { name: 'peak resident, largest process', unit: 'MB', ...spreadOf(largest), atMost: 300 }
      yield { name: 'peak resident, all processes added up', unit: 'MB', ...spreadOf(all), atMost: 300, note: 'shared pages are counted in each' }
    }
  },
}
