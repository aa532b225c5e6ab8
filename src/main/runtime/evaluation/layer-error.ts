/** Where a variant goes wrong: its activations against those of its source, node by node. */
import { AppError } from '#shared/errors'
import type { LayerError, LayerErrorResult } from '#shared/evaluation/layer-error-result'
import type { Preprocessing } from '#shared/evaluation/preprocessing'
import { diffModels } from '#shared/onnx/diff/diff-models'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { ModelDocument } from '#shared/onnx/document'
import { inferTypes, type TypeTable } from '#shared/onnx/infer/infer-types'
import type { Graph, Node } from '#shared/onnx/records'
import { openModelFile } from '../model-file'
import type { ModelRunner } from '../model-runner'
import { OutputErrorMeter } from '../output-error'
import type { EvaluationData } from './evaluation-data'
import { chooseCard, openEvaluationData } from './open-evaluation-data'

const EQUAL_DB = 200
/** A tenth of the signal is error: from about here on classifiers change their answers. */
const BAD_DB = 20
/** Values fetched in one run: all at once would hold every activation in memory. */
const AT_ONCE = 24
/** What compression folds into the node before it. */
const FOLDED = new Set(['Relu', 'Clip', 'BatchNormalization', 'Add', 'Mul', 'LeakyRelu', 'HardSwish', 'Sigmoid', 'Identity', 'Cast'])

export interface LayerErrorOptions {
  readonly sourcePath: string
  readonly variantPath: string
  readonly dataPath: string
  readonly card: Preprocessing | null
  readonly samples: number
  readonly runner: ModelRunner
  readonly signal?: AbortSignal | undefined
  readonly progress?: ((phase: string, fraction: number | null, detail?: string) => void) | undefined
}

/**
 * SQNR (dB), cosine and largest difference at every node that both models have, over the first samples of the data. Nodes are aligned by
 * structure; where a variant folded an activation or a normalization into the node before it, the value behind that is compared, and where
 * it quantizes, the value behind QuantizeLinear and DequantizeLinear. Values made visible keep onnxruntime from fusing across them, so
 * integer layers are computed as the pairs say.
 *
 * Throws AppError `invalid-data` where nothing lines up or no sample can be used, `runtime-rejected`, and `cancelled`.
 */
export async function measureLayerError(options: LayerErrorOptions): Promise<LayerErrorResult> {
  const { sourcePath, variantPath, dataPath, runner, signal, progress = () => undefined } = options
  progress('reading', null)
  const [source, variant] = [openModelFile(sourcePath), openModelFile(variantPath)]
  try {
    const sides = [source, variant].map(({ model }) => {
      const document = new ModelDocument(model)
      return { document, types: inferTypes(document) }
    })
    const [a, b] = sides
    if (!a || !b) throw new Error('internal: two models were opened')
    const { points, notCompared } = comparablePoints(a, b)
    if (points.length === 0) throw new AppError({ code: 'invalid-data', message: 'The two models have no node in common that gives floats.', hint: 'Compare a variant with the model it was made from.' })
    const card = options.card ?? (await chooseCard(dataPath, source.model))
    const data = await openEvaluationData({ path: dataPath, labelsPath: null, labels: 'none', model: source.model, modelPath: sourcePath, card })
    const reference = await runner.load(a.document, { exactIntegers: true, extraOutputs: points.map(({ sourceValue }) => sourceValue) })
    try {
      const candidate = await runner.load(b.document, { exactIntegers: true, extraOutputs: points.map(({ variantValue }) => variantValue) })
      try {
        const measured = await runPoints({ points, reference, candidate, data, limit: options.samples, signal, progress })
        const firstBad = measured.layers.findIndex(({ sqnrDb }) => sqnrDb < BAD_DB)
        return { source: sourcePath, variant: variantPath, ...measured, firstBad: firstBad < 0 ? null : firstBad, badDb: BAD_DB, data: data.description, notCompared: notCompared + points.length - measured.layers.length }
      } finally {
        await candidate.close()
      }
    } finally {
      await reference.close()
    }
  } finally {
    source.close()
    variant.close()
  }
}

interface Side {
  readonly document: ModelDocument
  readonly types: TypeTable
}

type Point = Pick<LayerError, 'sourceNode' | 'variantNode' | 'sourceValue' | 'variantValue'>

function comparablePoints(a: Side, b: Side): { points: Point[]; notCompared: number } {
  const [diff] = diffModels(a, b).graphs
  const [graphA, graphB] = [a.document.model.graph, b.document.model.graph]
  if (!diff) return { points: [], notCompared: graphA.nodes.length }
  const [nodesA, nodesB] = [byId(graphA), byId(graphB)]
  const paired = new Set(diff.pairs.map((pair) => pair.a.id))
  const pairedB = new Set(diff.pairs.map((pair) => pair.b.id))
  const [readersA, readersB] = [readersOf(graphA), readersOf(graphB)]
  const points: Point[] = []
  for (const pair of diff.pairs) {
    const [one, other] = [nodesA.get(pair.a.id), nodesB.get(pair.b.id)]
    const [ownA, ownB] = [one?.outputs[0] ?? '', other?.outputs[0] ?? '']
    if (!one || !other || ownA === '' || ownB === '' || one.opType === 'Constant') continue
    const sourceValue = behindFolded(ownA, readersA, paired)
    const variantValue = behindPair(behindFolded(ownB, readersB, pairedB), readersB)
    if (!isFloat(a, graphA, sourceValue) || !isFloat(b, graphB, variantValue)) continue
    points.push({ sourceNode: refOf(one), variantNode: refOf(other), sourceValue, variantValue })
  }
  const order = new Map(graphA.nodes.map(({ id }, at) => [id, at]))
  points.sort((x, y) => (order.get(x.sourceNode.id) ?? 0) - (order.get(y.sourceNode.id) ?? 0))
  return { points, notCompared: graphA.nodes.filter(({ opType }) => opType !== 'Constant').length - points.length }
}

function byId(graph: Graph): Map<number, Node> {
  return new Map(graph.nodes.map((node) => [node.id, node]))
}

function refOf({ id, name, opType }: Node): LayerError['sourceNode'] {
  return { id, name, opType }
}

type Readers = ReadonlyMap<string, readonly Node[]>

function readersOf(graph: Graph): Readers {
  const readers = new Map<string, Node[]>()
  for (const node of graph.nodes) {
    for (const name of new Set(node.inputs)) {
      const list = readers.get(name)
      if (list) list.push(node)
      else readers.set(name, [node])
    }
  }
  return readers
}

/** Past nodes that only this side has: the other has them inside the node itself. */
function behindFolded(value: string, readers: Readers, paired: ReadonlySet<number>): string {
  const [next, ...others] = readers.get(value) ?? []
  const [output] = next?.outputs ?? []
  if (!next || others.length > 0 || output === undefined || paired.has(next.id) || !FOLDED.has(next.opType)) return value
  return behindFolded(output, readers, paired)
}

/** What the rest of the model sees of a value that is quantized. */
function behindPair(value: string, readers: Readers): string {
  const quantize = readers.get(value)?.find(({ opType }) => opType === 'QuantizeLinear')
  const dequantize = readers.get(quantize?.outputs[0] ?? '')?.find(({ opType }) => opType === 'DequantizeLinear')
  return dequantize?.outputs[0] ?? value
}

function isFloat({ types }: Side, graph: Graph, value: string): boolean {
  const type = types.typeOf(graph, value)
  return type?.kind === 'tensor' && (type.dataType === DATA_TYPES.float32.code || type.dataType === DATA_TYPES.float16.code)
}

interface RunPoints {
  readonly points: readonly Point[]
  readonly reference: Awaited<ReturnType<ModelRunner['load']>>
  readonly candidate: Awaited<ReturnType<ModelRunner['load']>>
  readonly data: EvaluationData
  readonly limit: number
  readonly signal: AbortSignal | undefined
  readonly progress: NonNullable<LayerErrorOptions['progress']>
}

async function runPoints({ points, reference, candidate, data, limit, signal, progress }: RunPoints): Promise<{ layers: LayerError[]; samples: number }> {
  const meters = points.map(({ sourceValue }) => new OutputErrorMeter(sourceValue))
  const total = Math.min(limit, data.sampleCount)
  let samples = 0
  for await (const sample of data.samples(0, { signal, reuseMemory: true })) {
    signal?.throwIfAborted()
    if ('problem' in sample) continue
    for (let from = 0; from < points.length; from += AT_ONCE) {
      const some = points.slice(from, from + AT_ONCE)
      const expected = await reference.run(sample.feeds, [...new Set(some.map(({ sourceValue }) => sourceValue))])
      const actual = await candidate.run(sample.feeds, [...new Set(some.map(({ variantValue }) => variantValue))])
      some.forEach(({ sourceValue, variantValue }, at) => meters[from + at]?.add(expected.get(sourceValue), actual.get(variantValue)))
    }
    progress('comparing-layers', ++samples / total, `${samples} / ${total}`)
    if (samples >= total) break
  }
  if (samples === 0) throw new AppError({ code: 'invalid-data', message: 'No sample of the data can be used.' })
  const layers = points.flatMap((point, at): LayerError[] => {
    const error = meters[at]?.finish(() => undefined)
    return error ? [{ ...point, sqnrDb: error.sqnrDb ?? EQUAL_DB, cosine: error.cosine, maxAbs: error.maxAbs }] : []
  })
  return { layers, samples }
}
