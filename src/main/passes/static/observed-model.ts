import { makeInt } from '#shared/onnx/attributes'
import type { Edit } from '#shared/onnx/document'
import type { Graph, Model, Node } from '#shared/onnx/records'
import type { TensorValue } from '../../runtime/model-runner'

/** The smallest and largest value of a tensor in one sample. `min > max` where it is empty; NaN where a value is. */
export interface Extremes {
  readonly min: number
  readonly max: number
}

export interface ObservedModel {
  readonly model: Model
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

/** How far onnxruntime may optimise a graph whose values are observed: as far as they stay what they are. */
export function observableOptimization(graph: Graph): 'none' | 'extended' {
  return graph.nodes.every(({ opType }) => FUSED_ALIKE.has(opType)) ? 'extended' : 'none'
}

/**
 * The main graph of a document with ReduceMin and ReduceMax of each of `names` (float32 values made by its nodes) for outputs, so that
 * two numbers come out of onnxruntime instead of the tensor. The last value comes first: onnxruntime computes from the last node without
 * readers to the first, and lets go of a tensor only when all who read it are done. For values in `nonNegative` the minimum counts as 0: a range always has 0 in it.
 */
export function observedModel(edit: Edit, names: readonly string[], nonNegative: ReadonlySet<string>): ObservedModel {
  const { main, model } = edit
  const mayBeNaN = main.nodes.some(({ opType }) => !FINITE.has(opType))
  const nodes: Node[] = []
  const reduce = (opType: string, input: string) => {
    const output = edit.freshName(main, `${input}.${opType}`)
    nodes.push({ id: -1 - nodes.length, name: '', domain: '', opType, inputs: [input], outputs: [output], attributes: [makeInt('keepdims', 0)] })
    return output
  }
  const observers = names.map((name) => ({
    name,
    min: nonNegative.has(name) ? null : reduce('ReduceMin', name),
    max: reduce('ReduceMax', name),
    sum: mayBeNaN ? reduce('ReduceSum', name) : null,
  }))
  const outputs = nodes.flatMap((node) => node.outputs)
  return {
    model: { ...model, graph: { ...main, nodes: [...main.nodes, ...nodes.toReversed()], outputs: outputs.map((name) => ({ name, type: null })) } },
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

/** The float32 scalar that an inference gave as `name`. */
export function scalarOf(values: ReadonlyMap<string, TensorValue>, name: string): number {
  const value = values.get(name)
  if (value?.bytes.length !== 4) throw new Error(`internal: '${name}' is not one float32`)
  return new DataView(value.bytes.buffer, value.bytes.byteOffset).getFloat32(0, true)
}
