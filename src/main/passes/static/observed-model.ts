import { makeInt } from '#shared/onnx/attributes'
import type { Edit } from '#shared/onnx/document'
import type { Attribute, Graph, Model, Node } from '#shared/onnx/records'
import { readNames } from '#shared/onnx/topological-order'
import type { RunnerOptions, TensorValue } from '../../runtime/model-runner'

/** The smallest and largest value of a tensor in one sample. `min > max` where it is empty; NaN where a value is. */
export interface Extremes {
  readonly min: number
  readonly max: number
}

export interface ObservedModel {
  readonly model: Model
  /** The part of the main graph that makes the observed values. */
  readonly computed: Graph
  readonly outputs: readonly string[]
  /** Reads the extremes of each observed value from the outputs of one inference. */
  extremes(outputs: ReadonlyMap<string, TensorValue>): Map<string, Extremes>
}

/**
 * Operators that give no NaN from finite numbers. ReduceMin and ReduceMax pass over a NaN, so a graph with any other operator also gets
 * a sum of each value, which does not.
 */
const FINITE = new Set(
  ('Add AveragePool BatchNormalization Cast Ceil Clip Concat Constant Conv ConvTranspose DepthToSpace DequantizeLinear Dropout Expand Flatten Floor Gather Gemm ' +
    'GlobalAveragePool GlobalMaxPool HardSigmoid HardSwish Identity LeakyRelu MatMul Max MaxPool Min Mul Neg PRelu Pad QuantizeLinear ReduceMax ReduceMean ReduceMin ReduceSum ' +
    'Relu Reshape Resize Shape Sigmoid Slice Softmax SpaceToDepth Split Squeeze Sub Tanh Transpose Unsqueeze Upsample').split(' '),
)

/**
 * Graphs of these operators alone gave the same ranges to the bit with onnxruntime's fusions as without, in the fixtures of
 * `ort-quantizer.test.ts`. One with LayerNormalization and attention did not; what was not tried is not in here either.
 */
const FUSED_ALIKE = new Set(
  ('Add AveragePool Clip Concat Constant Conv DepthToSpace Flatten Gather Gemm GlobalAveragePool HardSigmoid HardSwish Identity LeakyRelu MaxPool Mul PRelu Pad Relu Reshape Resize ' +
    'Shape Sigmoid Slice Softmax SpaceToDepth Split Squeeze Transpose Unsqueeze').split(' '),
)

/**
 * How onnxruntime runs a graph whose values are observed: as fast as it can, or with values that are exactly those of the reference, on one
 * thread (several add in another order) and optimised only as far as no bit changes.
 */
export function observationOptions(graph: Graph, { exact }: { readonly exact: boolean }): RunnerOptions {
  if (!exact) return { optimization: 'all', sleepBetweenRuns: true, spareMemory: true }
  return { optimization: graph.nodes.every(({ opType }) => FUSED_ALIKE.has(opType)) ? 'extended' : 'none', threads: 1, spareMemory: true }
}

export interface ObservedValues {
  /** float32 values of the main graph, of which the extremes come out. */
  readonly reduced: readonly string[]
  /** Values that come out as they are. */
  readonly whole: readonly string[]
  /** Of these the minimum counts as 0: a range always has 0 in it. */
  readonly nonNegative: ReadonlySet<string>
  /** Of [batch, channels, height, width], none of them empty. */
  readonly areChannels: (name: string) => boolean
}

/**
 * The part of the main graph that makes the observed values, with ReduceMin and ReduceMax of them for outputs, so that two numbers come
 * out of onnxruntime instead of the tensor. The last value comes first: onnxruntime computes from the last node without readers to the
 * first, and lets go of a tensor only when all who read it are done. Of channels the maximum is found by GlobalMaxPool first: it reads
 * them in the blocks onnxruntime's convolutions write, which ReduceMax would have put in order.
 */
export function observedModel(edit: Edit, { reduced, whole, nonNegative, areChannels }: ObservedValues): ObservedModel {
  const { main, model } = edit
  const mayBeNaN = main.nodes.some(({ opType }) => !FINITE.has(opType))
  let made = 0
  const observers = reduced.map((name) => {
    const nodes: Node[] = []
    const look = (opType: string, input: string, attributes: readonly Attribute[] = []) => {
      const output = edit.freshName(main, `${input}.${opType}`)
      nodes.push({ id: -++made, name: '', domain: '', opType, inputs: [input], outputs: [output], attributes })
      return output
    }
    const reduce = (opType: string, input: string) => look(opType, input, [makeInt('keepdims', 0)])
    return {
      name,
      nodes,
      min: nonNegative.has(name) ? null : reduce('ReduceMin', name),
      max: reduce('ReduceMax', areChannels(name) ? look('GlobalMaxPool', name) : name),
      sum: mayBeNaN ? reduce('ReduceSum', name) : null,
    }
  })
  const outputs = [...observers.flatMap(({ min, max, sum }) => [min, max, sum]).filter((name) => name !== null), ...whole]
  const computed = neededFor([...reduced, ...whole], main)
  const nodes = [...computed.nodes, ...observers.toReversed().flatMap((observer) => observer.nodes)]
  return {
    model: { ...model, graph: { ...computed, nodes, outputs: outputs.map((name) => ({ name, type: null })) } },
    computed,
    outputs,
    extremes(values) {
      return new Map(
        observers.map(({ name, min, max, sum }) => {
          const isNaN = sum !== null && Number.isNaN(scalarOf(values, sum))
          return [name, isNaN ? { min: NaN, max: NaN } : { min: min === null ? 0 : scalarOf(values, min), max: scalarOf(values, max) }]
        }),
      )
    },
  }
}

/** A graph with these outputs, and of its nodes and initializers those that they need. Inputs stay, so do defaults of theirs. */
function neededFor(outputs: readonly string[], graph: Graph): Graph {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  const read = new Set(graph.inputs.map(({ name }) => name))
  const needed = new Set<Node>()
  const pending = [...outputs]
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    read.add(name)
    const node = makers.get(name)
    if (!node || needed.has(node)) continue
    needed.add(node)
    pending.push(...readNames(node))
  }
  return {
    ...graph,
    nodes: graph.nodes.filter((node) => needed.has(node)),
    initializers: graph.initializers.filter(({ name }) => read.has(name)),
    outputs: outputs.map((name) => ({ name, type: null })),
  }
}

/** The float32 scalar that an inference gave as `name`. */
function scalarOf(values: ReadonlyMap<string, TensorValue>, name: string): number {
  const value = values.get(name)
  if (value?.bytes.length !== 4) throw new Error(`internal: '${name}' is not one float32`)
  return new DataView(value.bytes.buffer, value.bytes.byteOffset).getFloat32(0, true)
}
