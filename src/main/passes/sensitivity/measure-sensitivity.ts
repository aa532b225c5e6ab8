import { AppError } from '#shared/errors'
import type { LayerSensitivity } from '#shared/measurement'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { ModelDocument, sameDomain } from '#shared/onnx/document'
import { upgradeOpset } from '#shared/onnx/edit/upgrade-opset'
import type { Model, Node, Tensor } from '#shared/onnx/records'
import type { RunningModel, TensorValue } from '../../runtime/model-runner'
import { elementsOf, opsetVersion } from '../constants'
import type { CalibrationData, PassContext } from '../pass'
import { float32Numbers } from '../recovery/observe'
import { snapshotModel } from '../recovery/snapshot-model'

export interface SensitivityNeeds {
  /** The model before it was quantized, and after, with QuantizeLinear and DequantizeLinear. Nodes are told apart by their ids. */
  readonly float: Model
  readonly quantized: Model
  readonly context: Pick<PassContext, 'calibration' | 'runner' | 'signal' | 'progress'>
  /** At most so many samples. */
  readonly limit: number
}

/** Equal signals, and those whose reference is zero, have no ratio. */
const EQUAL_DB = 200

/**
 * How much each quantized layer costs by itself: SQNR (dB) at the layer's output and at the model's outputs when only that layer has its
 * weights and its input in integers, with the scales they have in `quantized`. In the order of the graph. The float model's other
 * layers stay float, so what is measured at the layer's output is that layer's doing alone.
 *
 * Throws AppError `invalid-data` without samples, `runtime-rejected` where the model does not run, `cancelled`.
 */
export async function measureSensitivity({ float, quantized, context, limit }: SensitivityNeeds): Promise<LayerSensitivity[]> {
  const { calibration, runner, signal } = context
  if (!calibration) throw new AppError({ code: 'invalid-data', message: 'Sensitivity needs calibration data.', hint: 'Give a folder, an .npz or .npy file, or synthetic data.' })
  const base = await atOpsetOf(quantized, float)
  const layers = quantizedLayers(base, quantized)
  const results: LayerSensitivity[] = []
  const modelOutputs = base.graph.outputs.map(({ name }) => name)
  if (layers.length === 0) return results
  const reference = await runner.load(base, { optimization: 'basic', extraOutputs: layers.map(({ output }) => output) })
  try {
    for (const [at, layer] of layers.entries()) {
      if (signal.aborted) throw new AppError({ code: 'cancelled', message: 'The work was cancelled.' })
      context.progress('measuring', at / layers.length, `${at + 1} / ${layers.length}`)
      const candidate = await runner.load(withOneLayer(base, layer), { optimization: 'basic', extraOutputs: [layer.output], exactIntegers: true })
      try {
        const { layerSqnrDb, outputSqnrDb } = await compare(reference, candidate, { output: layer.output, modelOutputs, calibration, limit })
        const { id, name, opType } = layer.node
        results.push({ nodeId: id, nodeName: name, opType, weightCount: layer.weightCount, layerSqnrDb, outputSqnrDb })
      } finally {
        await candidate.close()
      }
    }
  } finally {
    await reference.close()
  }
  return results
}

/** Quantizing may have raised the opset; the float model can follow, as it was raised the same way. */
async function atOpsetOf(quantized: Model, float: Model): Promise<Model> {
  const document = new ModelDocument(snapshotModel({ model: float }))
  await document.transact('upgrade', (edit) => {
    const refusal = upgradeOpset(edit, opsetVersion(quantized))
    if (refusal) throw new Error(`internal: the float model stays at its opset: ${refusal.message}`)
  })
  // Pairs of other widths than 8 bits are in a domain of onnxruntime's own.
  const added = quantized.opsetImports.filter(({ domain }) => !document.model.opsetImports.some((known) => sameDomain(known.domain, domain)))
  return { ...document.model, opsetImports: [...document.model.opsetImports, ...added] }
}

interface QuantizedLayer {
  /** As in the float model. */
  readonly node: Node
  readonly output: string
  readonly weightCount: number
  /** Of the quantized model, whose new names the float model does not have: what takes its place among inputs 0 and 1. */
  readonly added: { readonly nodes: readonly Node[]; readonly tensors: readonly Tensor[]; readonly inputs: readonly [string, string] }
}

function quantizedLayers(float: Model, quantizedModel: Model): QuantizedLayer[] {
  const producers = new Map(quantizedModel.graph.nodes.flatMap((node) => node.outputs.map((name): [string, Node] => [name, node])))
  const byId = new Map(quantizedModel.graph.nodes.map((node) => [node.id, node]))
  const tensors = new Map(quantizedModel.graph.initializers.map((tensor) => [tensor.name, tensor]))
  const dequantizer = (name: string | undefined) => {
    const node = producers.get(name ?? '')
    return node?.opType === 'DequantizeLinear' ? node : null
  }
  return float.graph.nodes.flatMap((node): QuantizedLayer[] => {
    const changed = byId.get(node.id)
    const weight = dequantizer(changed?.inputs[1])
    const weightTensor = tensors.get(weight?.inputs[0] ?? '')
    const input = dequantizer(changed?.inputs[0])
    if (changed?.opType !== node.opType || !weight || !weightTensor || !input) return []
    const constants = [...weight.inputs, ...input.inputs.slice(1)].flatMap((name) => tensors.get(name) ?? [])
    const [integers, real] = ['sensitivity.q', 'sensitivity.dq']
    const pair: Node[] = [
      { ...input, id: NEW_ID, name: '', opType: 'QuantizeLinear', inputs: [node.inputs[0] ?? '', ...input.inputs.slice(1)], outputs: [integers] },
      { ...input, id: NEW_ID + 1, name: '', inputs: [integers, ...input.inputs.slice(1)], outputs: [real] },
    ]
    return [
      {
        node,
        output: node.outputs[0] ?? '',
        weightCount: elementsOf(weightTensor.dims),
        added: { nodes: [{ ...weight, id: NEW_ID + 2 }, ...pair], tensors: [...new Set(constants)], inputs: [real, weight.outputs[0] ?? ''] },
      },
    ]
  })
}

/** Beyond the ids of any model; these nodes are only run. */
const NEW_ID = 2 ** 40

function withOneLayer(float: Model, { node, added }: QuantizedLayer): Model {
  const replaced: Node = { ...node, inputs: [...added.inputs, ...node.inputs.slice(2)] }
  return {
    ...float,
    graph: {
      ...float.graph,
      nodes: float.graph.nodes.flatMap((known) => (known.id === node.id ? [...added.nodes, replaced] : [known])),
      initializers: [...float.graph.initializers, ...added.tensors],
    },
  }
}

interface Compared {
  /** The layer's. */
  readonly output: string
  readonly modelOutputs: readonly string[]
  readonly calibration: CalibrationData
  readonly limit: number
}

/** Over all samples; of several model outputs the worst counts. */
async function compare(reference: RunningModel, candidate: RunningModel, { output, modelOutputs, calibration, limit }: Compared): Promise<{ layerSqnrDb: number; outputSqnrDb: number }> {
  const names = [...new Set([...modelOutputs, output])]
  const sums = new Map(names.map((name) => [name, { signal: 0, noise: 0 }]))
  const compared = new Set<string>()
  let done = 0
  for await (const feeds of calibration.samples()) {
    if (done++ === limit) break
    const expected = await reference.run(feeds, names)
    const found = await candidate.run(feeds, names)
    for (const [name, sum] of sums) if (accumulate(expected.get(name), found.get(name), sum)) compared.add(name)
  }
  if (done === 0) throw new AppError({ code: 'invalid-data', message: 'The calibration data has no samples.' })
  const decibels = (name: string) => {
    const { signal, noise } = sums.get(name) ?? { signal: 0, noise: 0 }
    return noise === 0 ? EQUAL_DB : Math.max(-EQUAL_DB, 10 * Math.log10(signal / noise))
  }
  return { layerSqnrDb: decibels(output), outputSqnrDb: Math.min(EQUAL_DB, ...modelOutputs.filter((name) => compared.has(name)).map(decibels)) }
}

/** False for values that are not float32 or whose shapes differ. */
function accumulate(expected: TensorValue | undefined, found: TensorValue | undefined, sum: { signal: number; noise: number }): boolean {
  if (!expected || !found || expected.dataType !== found.dataType || expected.dims.join() !== found.dims.join() || expected.dataType !== DATA_TYPES.float32.code) return false
  const [a, b] = [float32Numbers(expected), float32Numbers(found)]
  let [signal, noise] = [0, 0]
  for (let at = 0; at < a.length; at++) {
    const [x, y] = [a[at] as number, b[at] as number]
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue
    signal += x * x
    noise += (x - y) * (x - y)
  }
  sum.signal += signal
  sum.noise += noise
  return true
}
