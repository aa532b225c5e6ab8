import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { memorySource } from '#shared/onnx/byte-source'
import { decodeModel } from '#shared/onnx/codec/decode'
import { ModelDocument } from '#shared/onnx/document'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import type { Model } from '#shared/onnx/records'
import { buildChainModel } from '../fixtures/chain-model'
import { type Bench, spreadOf, timeSync } from './bench'

const WARMUP = 5

export const inference: Bench = {
  name: 'inference',
  title: 'Types and shapes of every value, whole model, in process',
  async *run({ repository, runs }) {
    yield* measure('5000 nodes with shapes computed in the graph', buildChainModel(500), { runs, atMost: 60 })
    for (const file of ['light/light_densenet121.onnx', 'enhance/xfeat_fp32.onnx', 'audio/silero_vad.onnx']) {
      const path = join(repository, '../shared/models', file)
      if (existsSync(path)) yield* measure(file, decodeModel(memorySource(new Uint8Array(readFileSync(path)))), { runs })
    }
  },
}

function* measure(name: string, model: Model, { runs, atMost }: { readonly runs: number; readonly atMost?: number }) {
  const document = new ModelDocument(model)
  const { wallMs, processorMs } = timeSync(() => void inferTypes(document), { runs, warmup: WARMUP })
  const nodes = document.graphs().reduce((sum, graph) => sum + graph.nodes.length, 0)
  yield { name, unit: 'ms' as const, ...spreadOf(wallMs), ...(atMost !== undefined && { atMost }), note: `${nodes} nodes; processor time ${spreadOf(processorMs).value.toFixed(1)} ms; after ${WARMUP} warm-up runs` }
}
