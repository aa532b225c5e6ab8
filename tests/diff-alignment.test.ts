/** Alignment of models with mutated copies of themselves, whose ground truth is known: at least 98 % of nodes must be found right. */
import { relative } from 'node:path'
import { expect, test } from 'vitest'
import { alignNodes } from '#shared/onnx/diff/align-nodes'
import { makeDiffGraph } from '#shared/onnx/diff/diff-graph'
import { type Mutation, mutateModel } from '#shared/onnx/diff/testing/mutate-model'
import { ModelDocument } from '#shared/onnx/document'
import { seededRandom } from '#shared/seeded-random'
import { openModelFile } from '../src/main/runtime/model-file'
import { modelFiles, ownModelsFolder, sharedModelsFolder } from './fixtures/shared-models'

const SUITE: readonly (readonly Mutation[])[] = [
  ['rename'],
  ['delete', 'renumber'],
  ['fuse-batch-norm', 'rename'],
  ['insert-qdq', 'rename'],
  ['change-channels', 'rename'],
  ['delete', 'rename'],
  ['fuse-batch-norm', 'insert-qdq', 'delete'],
  ['change-channels', 'delete'],
]
const NO_MODELS = /lfs_pointer\.onnx$|\.ort$/
/** Smaller ones say little; the largest take long. */
const [LEAST_NODES, MOST_NODES] = [10, 2000]

const shared = modelFiles(sharedModelsFolder).filter((path) => !NO_MODELS.test(path))

test.skipIf(shared.length === 0)('98 % of the nodes of third-party and own models are found again (skipped where there are no third-party models)', { timeout: 300_000 }, () => {
  const [rights, totals] = [new Map<string, number>(), new Map<string, number>()]
  for (const path of [...shared, ...modelFiles(ownModelsFolder)]) {
    for (const mutations of SUITE) {
      const [file, copy] = [openModelFile(path), openModelFile(path)]
      const count = file.model.graph.nodes.length
      if (count >= LEAST_NODES && count <= MOST_NODES) {
        const name = mutations.join('+')
        const { model, mates } = mutateModel(copy.model, mutations, seededRandom(relative(sharedModelsFolder, path).length + count))
        const [a, b] = [new ModelDocument(file.model), new ModelDocument(model)]
        const alignment = alignNodes(makeDiffGraph(a, a.model.graph), makeDiffGraph(b, b.model.graph))
        const found = a.model.graph.nodes.filter(({ id }, at) => b.model.graph.nodes[alignment.inB(at) ?? -1]?.id === mates.get(id)).length
        rights.set(name, (rights.get(name) ?? 0) + found)
        totals.set(name, (totals.get(name) ?? 0) + count)
      }
      file.close()
      copy.close()
    }
  }
  const share = (names: readonly string[]) => names.reduce((sum, name) => sum + (rights.get(name) ?? 0), 0) / names.reduce((sum, name) => sum + (totals.get(name) ?? 0), 0)
  const names = [...totals.keys()]
  console.log(names.map((name) => `${name} ${(share([name]) * 100).toFixed(2)} %`).join(', '))
  expect(share(names)).toBeGreaterThanOrEqual(0.98)
})
