/** Options for single tensors, nodes and operators, where they are to differ from the rest. */
import { z } from 'zod'
import type { Diagnostic } from '#shared/diagnostic'
import type { Graph, Node } from '#shared/onnx/records'
import type { ActivationOptions } from './activation-parameters'
import { CALIBRATION_METHODS } from './calibrate-ranges'
import type { ChosenNode } from './choose-nodes'
import type { ValueRange } from './value-range'

const activationType = z.enum(['uint8', 'int8', 'uint16', 'int16'])

export const TensorOverride = z.strictObject({
  type: activationType.optional(),
  min: z.number().optional().describe('The range begins here, whatever calibration sees.'),
  max: z.number().optional().describe('The range ends here.'),
  calibration: z.enum(CALIBRATION_METHODS).optional(),
  percentile: z.number().gt(50).max(100).optional(),
})
export type TensorOverride = z.infer<typeof TensorOverride>

export const NodeOverride = z.strictObject({
  keepFloat: z.boolean().optional(),
  activationType: activationType.optional().describe('Of what the node reads and gives. Where two nodes disagree about a value, the wider type is taken.'),
  weightType: z.enum(['int4', 'int8', 'uint8', 'int16']).optional().describe('onnxruntime computes with int4 and int16 in float; int4 saves room, int16 is for NPUs.'),
  perChannel: z.boolean().optional(),
  reduceRange: z.boolean().optional(),
})
export type NodeOverride = z.infer<typeof NodeOverride>

export interface OverrideOptions {
  readonly tensorOverrides: Readonly<Record<string, TensorOverride>>
  readonly nodeOverrides: Readonly<Record<string, NodeOverride>>
  readonly opTypeOverrides: Readonly<Record<string, NodeOverride>>
}

const WIDE = new Set(['uint16', 'int16'])

/** What holds for a node: its operator's overrides, and over them its own. */
export function nodeOverride({ nodeOverrides, opTypeOverrides }: OverrideOptions, node: Node): NodeOverride {
  const own = Object.hasOwn(nodeOverrides, node.name) ? nodeOverrides[node.name] : undefined
  const shared = Object.hasOwn(opTypeOverrides, node.opType) ? opTypeOverrides[node.opType] : undefined
  return { ...shared, ...own }
}

export function tensorOverride({ tensorOverrides }: OverrideOptions, name: string): TensorOverride {
  return (Object.hasOwn(tensorOverrides, name) ? tensorOverrides[name] : undefined) ?? {}
}

/** How each value is quantized: as its own override says, else in the widest type that one of the nodes around it asks for, else as the rest. */
export function activationOptionsOf(overrides: OverrideOptions, nodes: Iterable<ChosenNode>, common: ActivationOptions): (name: string) => ActivationOptions {
  const asked = new Map<string, ActivationOptions['type']>()
  for (const { node, placement, activations } of nodes) {
    // What a Relu or Clip gives stands for what it reads.
    const type = nodeOverride(overrides, node).activationType ?? (placement.role === 'bound' ? asked.get(activations[0] ?? '') : undefined)
    if (type === undefined) continue
    for (const name of [...activations, ...node.outputs]) if (!WIDE.has(asked.get(name) ?? '')) asked.set(name, type)
  }
  return (name) => {
    const type = tensorOverride(overrides, name).type ?? asked.get(name)
    return type === undefined ? common : { ...common, type }
  }
}

/** The range with the ends that a person gave in place of those that were seen. */
export function overriddenRange(overrides: OverrideOptions, name: string, seen: ValueRange): ValueRange {
  const { min, max } = tensorOverride(overrides, name)
  return { min: Math.fround(min ?? seen.min), max: Math.fround(max ?? seen.max) }
}

/** Names that nothing in the graphs has: most likely a slip. */
export function unusedOverrides({ tensorOverrides, nodeOverrides, opTypeOverrides }: OverrideOptions, graphs: readonly Graph[], used: ReadonlySet<string>): Diagnostic[] {
  const warn = (what: string, name: string): Diagnostic => ({ severity: 'warning', code: 'override-unused', message: `The options for ${what} '${name}' change nothing: the model has no such ${what} that is quantized.` })
  const nodes = graphs.flatMap((graph) => graph.nodes)
  const [names, opTypes] = [new Set(nodes.map(({ name }) => name)), new Set(nodes.map(({ opType }) => opType))]
  return [
    ...Object.keys(tensorOverrides).filter((name) => !used.has(name)).map((name) => warn('value', name)),
    ...Object.keys(nodeOverrides).filter((name) => !names.has(name)).map((name) => warn('node', name)),
    ...Object.keys(opTypeOverrides).filter((name) => !opTypes.has(name)).map((name) => warn('operator', name)),
  ]
}
