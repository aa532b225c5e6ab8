import { z } from 'zod'
import type { Diagnostic } from '#shared/diagnostic'
import { AppError } from '#shared/errors'
import type { Edit } from '#shared/onnx/document'
import { inferTypes, type TypeTable } from '#shared/onnx/infer/infer-types'
import type { Graph, Node } from '#shared/onnx/records'
import { constantTensor, opsetVersion } from './constants'
import { definePass, type PassContext } from './pass'
import { type ActivationOptions, nonNegativeValues, planActivations, quantizerOf, rangesFromReaders } from './static/activation-parameters'
import { COUNTING_OPSET } from './static/body-measures'
import { calibrateBodies } from './static/calibrate-bodies'
import { CALIBRATION_METHODS, calibrateRanges, isSearched, type RangeMethod } from './static/calibrate-ranges'
import { type Choice, type ChosenNode, chooseNodes, readersOf } from './static/choose-nodes'
import { guardFloatLayers } from './static/guard-float-layers'
import { insertPairs } from './static/insert-pairs'
import { isFloat32Type } from './static/observe-activations'
import { observableBodies } from './static/observe-bodies'
import { canCountInBodies } from './static/observe-body-values'
import { activationOptionsOf, NodeOverride, nodeOverride, overriddenRange, TensorOverride, tensorOverride, unusedOverrides } from './static/overrides'
import { type Target, type TargetName, targets } from './static/targets'
import type { PlacementTable } from './static/placement'
import type { ValueRange } from './static/value-range'
import type { WeightOptions } from './quantize-numerics'
import { upgradeOpset } from '#shared/onnx/edit/upgrade-opset'

/** QuantizeLinear and DequantizeLinear came with opset 10; scales for each channel with 13. */
const MINIMUM_OPSET = 10
const PER_CHANNEL_OPSET = 13

const targetNames = Object.keys(targets) as [TargetName, ...TargetName[]]
const opTypes = [...new Set(Object.values(targets).flatMap(({ placement }) => Object.keys(placement)))]

const options = z
  .strictObject({
    target: z.enum(targetNames).default('cpu').describe('What the model will run on: decides which nodes are quantized, and the types left to it.'),
    activationType: z
      .enum(['auto', 'uint8', 'int8', 'uint16', 'int16'])
      .default('auto')
      .describe('Type of activations; auto: what the target computes with. onnxruntime on x86 fuses every pair with uint8 and only some with int8. 16 bits are for NPUs.'),
    weightType: z.enum(['auto', 'int8', 'uint8']).default('auto').describe('Type of weights; auto: what the target computes with. int8 activations go with int8 weights only.'),
    perChannel: z.boolean().default(true).describe('A scale for each output channel of a weight. Needs opset 13; the model is raised to it where that is possible.'),
    symmetricActivations: z.boolean().default(false).describe('Zero point in the middle of the type, as some NPUs want. Relu and Clip then stay in the graph.'),
    reduceRange: z.boolean().default(false).describe('Weights in 7 bits, so that x86 processors without VNNI do not saturate with uint8 activations; the target cpu-avx2 implies it. Phones do not need it.'),
    opTypes: z.array(z.enum(opTypes)).default([...opTypes]).describe('Kinds of nodes to quantize.'),
    excludeNodes: z.array(z.string()).default([]).describe('Leave the nodes of these names as they are.'),
    calibration: z
      .enum(CALIBRATION_METHODS)
      .default('min-max')
      .describe('How ranges come from samples: the extremes, the mean of the samples’ extremes, a percentile, or the range with the least squared error (mse) or divergence (entropy).'),
    percentile: z.number().gt(50).max(100).default(99.99).describe('With calibration by percentile: how much of the values the range keeps, in per cent.'),
    calibrationSamples: z.number().int().min(1).max(100_000).default(256).describe('At most so many calibration samples are looked at.'),
    exactRanges: z
      .boolean()
      .default(false)
      .describe('Ranges to the last bit as ONNX Runtime’s quantizer finds them on one thread. Takes twice as long; otherwise they differ by the rounding of float32.'),
    tensorOverrides: z.record(z.string(), TensorOverride).default({}).describe('Single activations by name: type, min, max, calibration, percentile.'),
    nodeOverrides: z.record(z.string(), NodeOverride).default({}).describe('Single nodes by name: keepFloat, activationType, weightType, perChannel, reduceRange.'),
    opTypeOverrides: z.record(z.string(), NodeOverride).default({}).describe('The same for all nodes of an operator.'),
  })
  .refine((value) => value.activationType !== 'int8' || value.weightType !== 'uint8', { path: ['weightType'], message: 'int8 activations need int8 weights' })

export type StaticOptions = z.output<typeof options>

export const quantizeStatic = definePass({
  name: 'quantize-static',
  title: 'Quantize statically',
  description: 'Quantizes weights and activations to 8-bit integers, with the ranges seen in calibration data. Fastest on phones; suits convolutional models best.',
  calibration: 'required',
  quantizes: true,
  options,
  async run(edit, chosen, context) {
    const target: Target = targets[chosen.target]
    if (Object.keys(target.placement).length === 0) {
      return context.report({
        severity: 'warning',
        code: 'target-without-integers',
        message: `${target.title} computes on no integers with fixed ranges, so nothing was quantized.`,
        hint: 'Store weights in fewer bits or in float16 for it.',
      })
    }
    const isSelected = (node: Node) => chosen.opTypes.includes(node.opType) && !chosen.excludeNodes.includes(node.name) && nodeOverride(chosen, node).keepFloat !== true
    const reached = [edit.main, ...observableBodies(edit.document)]
    const choose = (types: TypeTable, isUsable: (graph: Graph, name: string) => boolean): Map<Graph, Choice> => {
      return new Map(reached.map((graph) => [graph, chooseNodes({ edit, graph, types, table: target.placement, isSelected, isUsable: (name) => isUsable(graph, name) })]))
    }
    reportInnerNodes(edit, { table: target.placement, reached }, context)
    reportWithoutKernel(edit, target, context)
    const typesBefore = inferTypes(edit.document)
    const preliminary = choose(typesBefore, () => true)
    for (const { node, refusal } of [...preliminary.values()].flatMap(({ refusals }) => refusals)) if (refusal.note) context.report(leftFloat(node, refusal.reason))
    if ([...preliminary.values()].every(({ nodes }) => nodes.size === 0)) return

    const opset = opsetVersion(edit.model)
    const perChannel = raiseForScales(edit, chosen.perChannel && target.perChannel, context)
    if (perChannel === null) return
    const isRaised = opsetVersion(edit.model) !== opset
    const types = isRaised ? inferTypes(edit.document) : typesBefore
    const candidates = isRaised ? choose(types, () => true) : preliminary
    const common = activationOptions(chosen, target)
    const activations = new Map([...candidates].map(([graph, { nodes }]) => [graph, activationOptionsOf(chosen, nodes.values(), common)]))
    const activation = (graph: Graph) => activations.get(graph) ?? (() => common)
    const ranges = await rangesOf(edit, candidates, { context, chosen, activation, types })
    const floats = new Map([...candidates].map(([graph, { nodes }]) => [graph, endingFloat(edit, graph, nodes)]))
    const final = choose(types, (graph, name) => ranges.get(graph)?.has(name) === true || floats.get(graph)?.has(name) === true)
    for (const [graph, { nodes }] of preliminary) {
      for (const { node, placement } of nodes.values()) {
        if (placement.role !== 'compute' || final.get(graph)?.nodes.has(node.id)) continue
        context.report(leftFloat(node, graph === edit.main ? 'values around it were not finite, empty, or not float32 in calibration' : 'no sample came to it, or values around it were not finite, or are not known to be float32'))
      }
    }
    context.progress('quantizing', null)
    for (const finding of unusedOverrides(chosen, reached, new Set([...ranges.values()].flatMap((known) => [...known.keys()])))) context.report(finding)
    const weight = (node: Node) => weightOptionsOf({ ...chosen, perChannel }, target, node)
    const plans = [...final].map(([graph, { nodes }]) => ({ graph, nodes, plan: planActivations(edit.document, { graph, nodes, ranges: ranges.get(graph) ?? new Map<string, ValueRange>(), optionsOf: activation(graph) }) }))
    for (const { graph, nodes, plan } of plans) {
      if (graph !== edit.main && nodes.size === 0) continue
      insertPairs(edit, { graph, nodes, plan, options: { activation: activation(graph), weight } })
      guardFloatLayers(edit, graph)
    }
  },
})

/** How activations are quantized where nothing says otherwise. */
export function activationOptions({ activationType, symmetricActivations }: StaticOptions, target: Target): ActivationOptions {
  return { type: activationType === 'auto' ? target.activationType : activationType, symmetric: symmetricActivations || target.symmetricActivations, reduceRange: false }
}

/** How the weight of `node` is quantized; null: of a weight that no layer reads. */
export function weightOptionsOf(chosen: StaticOptions, target: Target, node: Node | null): WeightOptions & { readonly perChannel: boolean } {
  const own = node ? nodeOverride(chosen, node) : {}
  const type = own.weightType ?? (chosen.weightType === 'auto' ? target.weightType : chosen.weightType)
  const perChannel = chosen.perChannel && target.perChannel && own.perChannel !== false
  return { type, symmetric: type !== 'uint8' || perChannel, reduceRange: own.reduceRange ?? (chosen.reduceRange || target.reduceRange), perChannel }
}

/** Raises the opset as far as it is needed and can be. Returns whether channels may have scales of their own, or null where nothing goes. */
function raiseForScales(edit: Edit, perChannel: boolean, context: PassContext): boolean | null {
  const refusal = perChannel ? upgradeOpset(edit, PER_CHANNEL_OPSET) : upgradeOpset(edit, MINIMUM_OPSET)
  if (!refusal) return perChannel
  if (opsetVersion(edit.model) >= MINIMUM_OPSET) {
    context.report({ severity: 'warning', code: 'one-scale-per-weight', ...refusal, message: `${refusal.message} Weights get one scale each.` })
    return false
  }
  context.report({ severity: 'warning', code: 'opset-too-old', ...refusal })
  return null
}

interface RangeNeeds {
  readonly context: PassContext
  readonly chosen: StaticOptions
  readonly activation: (graph: Graph) => (name: string) => ActivationOptions
  readonly types: TypeTable
}

/** The ranges of the values around the candidates, for each graph. */
async function rangesOf(edit: Edit, candidates: ReadonlyMap<Graph, Choice>, needs: RangeNeeds): Promise<Map<Graph, Map<string, ValueRange>>> {
  const derived = new Map([...candidates].map(([graph, { nodes }]) => [graph, rangesFromReaders(edit.document, graph, nodes)]))
  const wanted = new Map([...candidates].map(([graph, { nodes }]) => {
    const floats = endingFloat(edit, graph, nodes)
    return [graph, activationNames(edit, graph, nodes).filter((name) => !derived.get(graph)?.has(name) && !floats.has(name))]
  }))
  const seen = new Map<Graph, Map<string, ValueRange>>()
  const main = candidates.get(edit.main)?.nodes
  if (main && main.size > 0) seen.set(edit.main, await mainRanges(edit, { names: wanted.get(edit.main) ?? [], nodes: main }, needs))
  const inner = new Map([...wanted].filter(([graph]) => graph !== edit.main).map(([graph, names]) => [graph, names.filter((name) => isFloat32Type(needs.types.typeOf(graph, name)))]))
  for (const [graph, names] of inner) if (names.length === 0) inner.delete(graph)
  for (const [graph, ranges] of await bodyRanges(edit, inner, needs)) seen.set(graph, ranges)
  for (const [graph, ranges] of seen) {
    // Backwards, through chains of Relu and Clip.
    for (const [name, reader] of [...(derived.get(graph) ?? [])].toReversed()) {
      const range = ranges.get(reader)
      if (range) ranges.set(name, range)
    }
    for (const [name, range] of ranges) ranges.set(name, overriddenRange(needs.chosen, name, range))
  }
  return seen
}

function mainRanges(
  edit: Edit,
  { names, nodes }: { names: readonly string[]; nodes: ReadonlyMap<number, ChosenNode> },
  { context, chosen, activation, types }: RangeNeeds,
): Promise<Map<string, ValueRange>> {
  const optionsOf = activation(edit.main)
  return calibrateRanges(edit, names, {
    context,
    maxSamples: chosen.calibrationSamples,
    exact: chosen.exactRanges,
    methodOf: (name) => ({ ...methodOf(chosen, name), quantizer: quantizerOf(optionsOf(name)) }),
    nonNegative: nonNegativeValues(edit.document, edit.main, nodes),
    typeOf: (name) => types.typeOf(edit.main, name),
  })
}

/** Empty where onnxruntime does not bring values out. */
async function bodyRanges(edit: Edit, names: ReadonlyMap<Graph, readonly string[]>, { context, chosen, activation }: RangeNeeds): Promise<Map<Graph, Map<string, ValueRange>>> {
  if (names.size === 0) return new Map()
  const searched = [...names.values()].flat().filter((name) => isSearched(methodOf(chosen, name)))
  if (searched.length > 0 && !canCountInBodies(edit)) {
    context.report({
      severity: 'info',
      code: 'extremes-in-bodies',
      message: `${searched.length} values within If, Loop or Scan are calibrated by their extremes: there are no histograms of them below opset ${COUNTING_OPSET}.`,
    })
  }
  try {
    return await calibrateBodies(edit, names, {
      context,
      maxSamples: chosen.calibrationSamples,
      exact: chosen.exactRanges,
      methodOf: (body, name) => ({ ...methodOf(chosen, name), quantizer: quantizerOf(activation(body)(name)) }),
    })
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'runtime-rejected') throw error
    context.report({ severity: 'warning', code: 'bodies-not-observed', message: `What lies within If, Loop and Scan stays float: its values cannot be brought out. ${error.message}`, hint: 'Dynamic quantization needs no ranges.' })
    return new Map()
  }
}

function methodOf(chosen: StaticOptions, name: string): Omit<RangeMethod, 'quantizer'> {
  const own = tensorOverride(chosen, name)
  return { method: own.calibration ?? chosen.calibration, percentile: own.percentile ?? chosen.percentile }
}

/** Outputs that stay float, and need no range: of layers whose kernels give float at once, where nothing reads them on integers. */
function endingFloat(edit: Edit, graph: Graph, nodes: ReadonlyMap<number, ChosenNode>): Set<string> {
  const layers = [...nodes.values()].filter(({ placement }) => placement.role === 'compute' && placement.mayEndFloat === true)
  return new Set(layers.flatMap(({ node }) => node.outputs.filter((name) => name !== '' && readersOf({ edit, graph }, nodes, name).length === 0)))
}

/** Values that need a range: what the nodes read and make, but for constants. */
function activationNames(edit: Edit, graph: Graph, nodes: ReadonlyMap<number, ChosenNode>): string[] {
  const names = [...nodes.values()].flatMap(({ node, activations }) => [...activations, ...node.outputs.filter((name) => name !== '')])
  return [...new Set(names)].filter((name) => constantTensor(edit.document, graph, name) === null)
}

function leftFloat(node: Node, reason: string): Diagnostic {
  return { severity: 'warning', code: 'left-float', message: `${node.opType} '${node.name}' stays float: ${reason}.`, nodeId: node.id, nodeName: node.name }
}

/** Nodes with weights of their own that stay float because the target has no static integer kernel for them. */
function reportWithoutKernel(edit: Edit, target: Target, context: PassContext): void {
  for (const opType of ['LSTM', 'GRU', 'RNN', 'ConvTranspose', 'Attention']) {
    if (target.placement[opType]) continue
    const count = edit.main.nodes.filter((node) => node.opType === opType).length
    if (count > 0) context.report({ severity: 'info', code: 'no-integer-kernel', message: `${count} ${opType} ${count === 1 ? 'node stays' : 'nodes stay'} float: ${target.title} has no integer kernel with fixed ranges for it.` })
  }
}

/** Functions have no values of their own, and of other operators' bodies none can be brought out. */
function reportInnerNodes(edit: Edit, { table, reached }: { table: PlacementTable; reached: readonly Graph[] }, context: PassContext): void {
  const left = edit.document.graphs().filter((graph) => !reached.includes(graph))
  const count = left.flatMap((graph) => graph.nodes.filter(({ opType }) => table[opType]?.role === 'compute')).length
  if (count === 0) return
  context.report({
    severity: 'warning',
    code: 'inner-graphs-left-float',
    message: `${count} ${count === 1 ? 'node' : 'nodes'} within functions, or bodies other than those of If, Loop and Scan, ${count === 1 ? 'stays' : 'stay'} float: ${count === 1 ? 'its' : 'their'} ranges cannot be observed.`,
  })
}
