/**
 * What runs quantized on each target, as data: types, and where pairs of quantize and dequantize go. Only `cpu` was measured, on x86. The
 * other tables are what we know of onnxruntime's execution providers; they were not checked against their sources, nor on a device.
 */
import type { QuantizedType } from '../quantize-numerics'
import { channelAxes, cpuPlacement, moves, type Placement, type PlacementTable } from './placement'

export interface Target {
  readonly title: string
  /** The types it computes with fastest; a recipe may ask for others. */
  readonly activationType: QuantizedType
  readonly weightType: 'int8' | 'uint8'
  /** Scales for each channel of a weight are understood. */
  readonly perChannel: boolean
  readonly symmetricActivations: boolean
  /** Sums of two products are taken in 16 bits, which full 8-bit weights overflow. */
  readonly reduceRange: boolean
  /** Empty: it computes on no integers with fixed ranges. */
  readonly placement: PlacementTable
}

const carry: Placement = { role: 'carry', activations: [0] }
/** Where float is not computed at all, or elsewhere at the price of two copies, everything that can be is worth quantizing. */
const always: Placement = { role: 'compute' }
const convolution: Placement = { role: 'compute', activations: [0], weight: { input: 1, bias: 2, channelAxis: channelAxes.conv } }
const transposedConvolution: Placement = { role: 'compute', activations: [0], weight: { input: 1, bias: 2, channelAxis: channelAxes.convTranspose } }

const xnnpack: PlacementTable = {
  ...moves,
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  AveragePool: carry,
  Softmax: { role: 'between', range: { min: 0, max: 1 } },
}

const nnapi: PlacementTable = {
  ...moves,
  Conv: convolution,
  Gemm: { role: 'compute', activations: [0], weight: { input: 1, bias: 2, channelAxis: () => null } },
  MatMul: { role: 'compute', activations: [0], weight: { input: 1, bias: null, channelAxis: () => null } },
  Add: { role: 'between' },
  Mul: { role: 'between' },
  Concat: { role: 'between' },
  AveragePool: carry,
  GlobalAveragePool: { role: 'between' },
  Sigmoid: { role: 'between' },
  Softmax: { role: 'between', range: { min: 0, max: 1 } },
}

const qnn: PlacementTable = {
  ...moves,
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  Gemm: { role: 'compute', activations: [0], weight: { input: 1, bias: 2, channelAxis: () => null } },
  MatMul: { role: 'compute', activations: [0], weight: { input: 1, bias: null, channelAxis: () => null } },
  Softmax: { role: 'compute', range: { min: 0, max: 1 } },
  AveragePool: carry,
  ...Object.fromEntries(
    ['Add', 'Sub', 'Mul', 'Div', 'Concat', 'GlobalAveragePool', 'LeakyRelu', 'PRelu', 'Sigmoid', 'Tanh', 'HardSwish', 'HardSigmoid', 'Elu', 'Gelu', 'Erf', 'Sqrt', 'Pow', 'ReduceMean', 'LayerNormalization', 'InstanceNormalization', 'LpNormalization'].map(
      (opType): [string, Placement] => [opType, always],
    ),
  ),
}

export const targets = {
  cpu: { title: 'onnxruntime on processors (ARM, x86 with VNNI)', activationType: 'uint8', weightType: 'int8', perChannel: true, symmetricActivations: false, reduceRange: false, placement: cpuPlacement },
  'cpu-avx2': { title: 'onnxruntime on x86 without VNNI', activationType: 'uint8', weightType: 'int8', perChannel: true, symmetricActivations: false, reduceRange: true, placement: cpuPlacement },
  xnnpack: { title: 'XNNPACK', activationType: 'int8', weightType: 'int8', perChannel: true, symmetricActivations: false, reduceRange: false, placement: xnnpack },
  nnapi: { title: 'NNAPI (Android)', activationType: 'uint8', weightType: 'int8', perChannel: true, symmetricActivations: false, reduceRange: false, placement: nnapi },
  qnn: { title: 'QNN (Qualcomm HTP)', activationType: 'uint16', weightType: 'int8', perChannel: true, symmetricActivations: false, reduceRange: false, placement: qnn },
  coreml: { title: 'Core ML', activationType: 'uint8', weightType: 'int8', perChannel: true, symmetricActivations: false, reduceRange: false, placement: {} },
  webgpu: { title: 'WebGPU', activationType: 'uint8', weightType: 'int8', perChannel: true, symmetricActivations: false, reduceRange: false, placement: {} },
} as const satisfies Record<string, Target>

export type TargetName = keyof typeof targets
