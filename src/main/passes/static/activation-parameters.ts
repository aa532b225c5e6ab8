import { floatAttribute } from '#shared/onnx/attributes'
import type { Graph, Node } from '#shared/onnx/records'
import { constantTensor } from '../constants'
import type { ReadonlyDocument } from '../pass'
import { type QuantizationParameters, quantizationParameters, quantizationRange, type QuantizedType } from '../quantize-numerics'
import { floatValues } from '../weight-store'
import type { Quantizer } from './search-range'
import type { ValueRange } from './value-range'
import type { ChosenNode } from './choose-nodes'

export interface ActivationOptions {
  readonly type: QuantizedType
  readonly symmetric: boolean
  readonly reduceRange: boolean
}

export interface ActivationParameters extends QuantizationParameters {
  readonly type: QuantizedType
}

/** How the activations of a graph are quantized, and which nodes the quantization makes needless. */
export interface ActivationPlan {
  readonly parameters: ReadonlyMap<string, ActivationParameters>
  /** Relu and Clip nodes that the cut-off of the quantization stands for, by node id. */
  readonly absorbed: ReadonlySet<number>
}

/**
 * Scale and zero point of every value that `nodes` read or make. `ranges` are those seen in calibration; where a value has none, it is
 * not in the result.
 */
export function planActivations(
  document: ReadonlyDocument,
  { graph, nodes, ranges, optionsOf }: { graph: Graph; nodes: ReadonlyMap<number, ChosenNode>; ranges: ReadonlyMap<string, ValueRange>; optionsOf: (name: string) => ActivationOptions },
): ActivationPlan {
  const known = new Map(ranges)
  const absorbed = new Set<number>()
  // From the last node to the first, so that a range comes through chains of Relu and Clip.
  for (const { node, placement, activations } of [...nodes.values()].toReversed()) {
    const [output = ''] = node.outputs
    if (placement.range) known.set(output, placement.range)
    if (placement.role !== 'bound') continue
    const [input = ''] = activations
    const range = known.get(output)
    if (!range || !known.has(input) || document.uses(graph, input).length !== 1) continue
    known.set(input, range)
    const options = optionsOf(output)
    if (!options.symmetric && producedBy(document, graph, nodes, input) && cutsOff(document, graph, node, range, options)) absorbed.add(node.id)
  }
  const parameters = new Map<string, ActivationParameters>()
  for (const [name, range] of known) parameters.set(name, parametersOf(range, optionsOf(name)))
  for (const { node, placement, activations } of nodes.values()) {
    const shared = placement.role === 'carry' ? parameters.get(activations[0] ?? '') : undefined
    if (shared) for (const output of node.outputs) parameters.set(output, shared)
  }
  return { parameters, absorbed }
}

/**
 * Values that need no look of their own, with the value whose range they take: what only a Relu or Clip reads is quantized to the range
 * behind it (see `planActivations`).
 */
export function rangesFromReaders(document: ReadonlyDocument, graph: Graph, nodes: ReadonlyMap<number, ChosenNode>): Map<string, string> {
  const found = new Map<string, string>()
  for (const { node, placement, activations } of nodes.values()) {
    const [input = ''] = activations
    if (placement.role === 'bound' && producedByNode(document, graph, input) && document.uses(graph, input).length === 1) found.set(input, node.outputs[0] ?? '')
  }
  return found
}

/** Outputs of Relu and of Clip from 0 on. */
export function nonNegativeValues(document: ReadonlyDocument, graph: Graph, nodes: ReadonlyMap<number, ChosenNode>): Set<string> {
  const bound = [...nodes.values()].filter(({ node, placement }) => placement.role === 'bound' && (boundsOf(document, graph, node)?.min ?? -1) >= 0)
  return new Set(bound.flatMap(({ node }) => node.outputs))
}

function producedByNode(document: ReadonlyDocument, graph: Graph, name: string): boolean {
  return document.index(graph).definition(name)?.kind === 'node'
}

export function parametersOf(range: ValueRange, options: ActivationOptions): ActivationParameters {
  return { ...quantizationParameters(range.min, range.max, { ...quantizationRange(options.type, options), symmetric: options.symmetric }), type: options.type }
}

/** What searching for a range needs to know of how the values will be quantized. */
export function quantizerOf(options: ActivationOptions): Quantizer {
  return { ...quantizationRange(options.type, options), parametersOf: (range) => parametersOf(range, options) }
}

function producedBy(document: ReadonlyDocument, graph: Graph, nodes: ReadonlyMap<number, ChosenNode>, name: string): boolean {
  const definition = document.index(graph).definition(name)
  return definition?.kind === 'node' && nodes.has(definition.node.id) && nodes.get(definition.node.id)?.placement.role !== 'carry'
}

/** Whether no quantized value lies outside the node's bounds, but for half a step. */
function cutsOff(document: ReadonlyDocument, graph: Graph, node: Node, range: ValueRange, options: ActivationOptions): boolean {
  const bounds = boundsOf(document, graph, node)
  if (!bounds) return false
  const { qmin, qmax } = quantizationRange(options.type, options)
  const { scale, zeroPoint } = parametersOf(range, options)
  return (qmin - zeroPoint) * scale >= bounds.min - scale / 2 && (qmax - zeroPoint) * scale <= bounds.max + scale / 2
}

function boundsOf(document: ReadonlyDocument, graph: Graph, node: Node): ValueRange | null {
  if (node.opType === 'Relu') return { min: 0, max: Infinity }
  const bound = (at: number, attribute: string, unbounded: number) => {
    const name = node.inputs[at] ?? ''
    if (name === '') return floatAttribute(node, attribute, unbounded)
    const tensor = constantTensor(document, graph, name)
    return tensor ? (floatValues(tensor)[0] ?? null) : null
  }
  const [min, max] = [bound(1, 'min', -Infinity), bound(2, 'max', Infinity)]
  return min === null || max === null ? null : { min, max }
}
