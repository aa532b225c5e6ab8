/** How far each quantized layer is from the float model's, with everything before it quantized too: what a person watches while a recipe runs. */
import { AppError } from '#shared/errors'
import type { LayerQuality } from '#shared/measurement'
import { makeInt } from '#shared/onnx/attributes'
import { type Edit, ModelDocument } from '#shared/onnx/document'
import { alignedSource, graftNodes } from '#shared/onnx/edit/graft'
import { noFiles } from '#shared/onnx/edit/edit-context'
import { restoreOrder } from '#shared/onnx/edit/names'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import type { Model, Node } from '#shared/onnx/records'
import type { RunningModel, TensorValue } from '../../runtime/model-runner'
import type { PassContext } from '../pass'
import { snapshotModel } from './snapshot-model'

/** Equal signals, and those whose reference is zero, have no ratio. */
const EQUAL_DB = 200
const LAYER_TYPES = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul'])

export interface LayerQualityNeeds {
  readonly float: Model
  /** The same with QuantizeLinear and DequantizeLinear; nodes are told apart by their ids. */
  readonly quantized: Model
  readonly context: Pick<PassContext, 'calibration' | 'runner' | 'signal' | 'progress'>
  /** At most so many samples. */
  readonly limit: number
}

/**
 * SQNR (dB) at the output of each Conv, Gemm and MatMul that has integers for weights, beside the float model's. Both models run as one, so
 * that two sums come out for each layer instead of its tensors. Tells `progress` of all layers after each sample. Empty where
 * there are no samples, no such layers, or onnxruntime does not take the two together.
 *
 * Throws what running throws, and AppError `cancelled`.
 */
export async function measureLayerQuality({ float, quantized, context, limit }: LayerQualityNeeds): Promise<LayerQuality[]> {
  const { calibration, runner, signal } = context
  const layers = comparableLayers(float, quantized)
  if (!calibration || layers.length === 0) return []
  const joined = await besideEachOther(float, quantized, layers)
  const running = joined && (await runner.load(joined.model, { exactIntegers: true }).catch(refusedByRuntime))
  if (!running) return []
  const sums = layers.map(() => ({ signal: 0, noise: 0 }))
  const found = (): LayerQuality[] =>
    layers.map(({ node }, at) => {
      const { signal: size, noise } = sums[at] ?? { signal: 0, noise: 0 }
      const sqnrDb = noise === 0 ? EQUAL_DB : Math.max(-EQUAL_DB, 10 * Math.log10(size / noise))
      return { nodeId: node.id, nodeName: node.name, opType: node.opType, sqnrDb: Number.isNaN(sqnrDb) ? -EQUAL_DB : sqnrDb }
    })
  const total = Math.min(limit, calibration.sampleCount)
  try {
    let done = 0
    for await (const feeds of calibration.samples()) {
      signal.throwIfAborted()
      const values = await running.run(feeds, joined.sums.flatMap((names) => [names.signal, names.noise]))
      joined.sums.forEach((names, at) => addSample(sums[at], values, names))
      context.progress('comparing-layers', 1, `${++done} / ${total}`, found())
      if (done === total) break
    }
    return done === 0 ? [] : found()
  } finally {
    await running.close()
  }
}

function addSample(sum: { signal: number; noise: number } | undefined, values: ReadonlyMap<string, TensorValue>, names: { signal: string; noise: string }): void {
  if (!sum) throw new Error('internal: a layer without sums')
  sum.signal += scalar(values.get(names.signal))
  sum.noise += scalar(values.get(names.noise))
}

function scalar(value: TensorValue | undefined): number {
  if (value?.bytes.length !== 4) throw new Error('internal: a sum is not one float32')
  return new DataView(value.bytes.buffer, value.bytes.byteOffset).getFloat32(0, true)
}

function refusedByRuntime(error: unknown): RunningModel | null {
  if (error instanceof AppError && error.code === 'runtime-rejected') return null
  throw error
}

interface ComparableLayer {
  /** Of the float model. */
  readonly node: Node
  /** Name of the value that both models give for it. */
  readonly value: string
}

function comparableLayers(float: Model, quantized: Model): ComparableLayer[] {
  const producers = new Map(quantized.graph.nodes.flatMap((node) => node.outputs.map((name): [string, Node] => [name, node])))
  const readers = new Map<string, Node[]>()
  for (const node of quantized.graph.nodes) for (const name of new Set(node.inputs)) readers.set(name, [...(readers.get(name) ?? []), node])
  const floatNodes = new Map(float.graph.nodes.map((node) => [node.id, node]))
  const floatValues = new Set(float.graph.nodes.flatMap(({ outputs }) => outputs))
  /** The name behind a pair, where a node's own output was renamed to make room for it. */
  const known = (name: string): string => {
    const [quantize, ...others] = readers.get(name) ?? []
    if (quantize?.opType !== 'QuantizeLinear' || others.length > 0) return name
    const dequantize = readers.get(quantize.outputs[0] ?? '')?.find(({ opType }) => opType === 'DequantizeLinear')
    return dequantize?.outputs[0] ?? name
  }
  return quantized.graph.nodes.flatMap((node): ComparableLayer[] => {
    const original = floatNodes.get(node.id)
    if (!original || original.opType !== node.opType || !LAYER_TYPES.has(node.opType)) return []
    if (producers.get(node.inputs[1] ?? '')?.opType !== 'DequantizeLinear') return []
    const value = known(node.outputs[0] ?? '')
    return floatValues.has(value) ? [{ node: original, value }] : []
  })
}

interface Joined {
  readonly model: Model
  /** For each layer, the outputs that hold Σ reference² and Σ difference². */
  readonly sums: readonly { readonly signal: string; readonly noise: string }[]
}

/** The float model's nodes put into the quantized one, with sums over each layer as the only outputs. Null where they do not go together. */
async function besideEachOther(float: Model, quantized: Model, layers: readonly ComparableLayer[]): Promise<Joined | null> {
  const document = new ModelDocument(snapshotModel({ model: quantized }))
  const sums: { signal: string; noise: string }[] = []
  try {
    await document.transact('compare-layers', async (edit) => {
      const context = { ...noFiles, edit, types: () => inferTypes(document), note: () => undefined }
      const source = await alignedSource(context, edit.main, snapshotModel({ model: float }))
      const inputs = new Map(source.graph.inputs.map(({ name }) => [name, name]))
      const names = graftNodes(context, { graph: edit.main, source, names: inputs, prefix: 'float.' })
      for (const { value } of layers) sums.push(addSums(edit, value, names.get(value) ?? ''))
      restoreOrder(edit, edit.main)
    })
  } catch (error) {
    if (error instanceof AppError && error.code === 'not-supported') return null
    throw error
  }
  const outputs = sums.flatMap(({ signal, noise }) => [signal, noise]).map((name) => ({ name, type: null }))
  return { model: { ...document.model, graph: { ...document.model.graph, outputs } }, sums }
}

function addSums(edit: Edit, quantized: string, float: string): { signal: string; noise: string } {
  const add = (opType: string, inputs: string[], isSum = false) => {
    const output = edit.freshName(edit.main, `${quantized}.${opType}`)
    edit.addNode(edit.main, { opType, inputs, outputs: [output], attributes: isSum ? [makeInt('keepdims', 0)] : [] })
    return output
  }
  return { signal: add('ReduceSumSquare', [float], true), noise: add('ReduceSumSquare', [add('Sub', [float, quantized])], true) }
}
