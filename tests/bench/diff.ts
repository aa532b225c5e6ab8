import { ModelDocument } from '#shared/onnx/document'
import { diffModels, type DiffSide } from '#shared/onnx/diff/diff-models'
import { MUTATIONS, mutateModel } from '#shared/onnx/diff/testing/mutate-model'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import type { Model } from '#shared/onnx/records'
import { seededRandom } from '#shared/seeded-random'
import { buildChainModel } from '../fixtures/chain-model'
import { type Bench, spreadOf, timeSync } from './bench'

const TURNS = 500
const WARMUP = 2

export const diff: Bench = {
  name: 'diff',
  title: 'Two models aligned and compared: a generated one with a copy whose nodes are renamed, fused, quantized, of other widths',
  async *run({ runs }) {
    const source = sideOf(buildChainModel(TURNS))
    const nodes = source.document.model.graph.nodes.length
    for (const mutation of MUTATIONS) {
      const { model } = mutateModel(buildChainModel(TURNS), [mutation, 'rename'], seededRandom(7))
      const other = sideOf(model)
      const { wallMs, processorMs } = timeSync(() => diffModels(source, other), { runs: Math.min(runs, 9), warmup: WARMUP })
      const seconds = spreadOf(wallMs.map((ms) => ms / 1000))
      yield { name: `${mutation}, then renamed`, unit: 's' as const, ...seconds, atMost: 2, note: `${nodes} and ${model.graph.nodes.length} nodes; processor time ${(spreadOf(processorMs).value / 1000).toFixed(2)} s` }
    }
  },
}

function sideOf(model: Model): DiffSide {
  const document = new ModelDocument(model)
  return { document, types: inferTypes(document) }
}
