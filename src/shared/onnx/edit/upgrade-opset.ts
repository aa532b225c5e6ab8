/**
 * Raises the opset of the default domain, up to 23, where every node has a form there that computes the same. Quantization needs it:
 * Q/DQ came with opset 10, dynamic quantization with 11, scales for each channel with 13.
 *
 * Rules are listed by the version that changed an operator incompatibly; operators without one only gained types or options.
 */
import { findAttribute, floatAttribute, floatsAttribute, intAttribute, makeInt, makeString, stringAttribute } from '../attributes'
import { type DataTypeName, dataTypeName } from '../data-type'
import { type Edit, sameDomain } from '../document'
import { inferTypes, type TypeTable } from '../infer/infer-types'
import type { Graph, Node } from '../records'
import { opSchema } from '../schema/op-schema'
import { float32ToFloat16 } from '../small-floats'
import { bytesOf, rawTensor, type TensorNumbers } from '../tensor-data'
import { enclosingFunction } from '../schema/opset-versions'

const OLDEST = 7
/** The newest opset that the rules lead to. */
export const NEWEST_RULED_OPSET = 23
/** The IR version that goes with an opset. */
const IR_VERSIONS: Readonly<Record<number, number>> = { 9: 4, 10: 5, 11: 6, 12: 7, 13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10, 23: 11 }

export interface UpgradeRefusal {
  readonly message: string
  readonly hint: string
  readonly nodeId?: number
  readonly nodeName?: string
}

interface Step {
  readonly edit: Edit
  readonly graph: Graph
  readonly types: TypeTable
}

interface Rule {
  readonly version: number
  /** Why a node cannot take the step; null where it can. */
  readonly blocker?: (step: Step, node: Node) => string | null
  readonly apply: (step: Step, node: Node) => void
}

const nothing = () => undefined

/** Axes became an input; left out, all axes are reduced in both forms. */
const reduction: readonly Rule[] = [{ version: 18, apply: (step, node) => attributesToInputs(step, node, { axes: { at: 1, kind: 'ints' } }) }]

const rules: Readonly<Record<string, readonly Rule[]>> = {
  BatchNormalization: [
    {
      version: 9,
      blocker: (_, node) => (intAttribute(node, 'spatial', 1) === 0 ? 'it normalizes each position by itself (spatial = 0)' : null),
      apply: ({ edit, graph }, node) => void edit.setAttribute(graph, node, 'spatial', null),
    },
    {
      version: 14,
      blocker: ({ edit, graph }, node) => (node.outputs.slice(1).some((name) => name !== '' && edit.document.uses(graph, name).length > 0) ? 'its statistics of training are in use and changed' : null),
      apply: ({ edit, graph }, node) => void edit.updateNode(graph, node, { outputs: node.outputs.slice(0, 1) }),
    },
  ],
  Scan: [{ version: 9, blocker: () => 'Scan took its batch axis away in opset 9', apply: nothing }],
  Upsample: [
    { version: 9, apply: (step, node) => attributesToInputs(step, node, { scales: { at: 1, kind: 'floats' } }) },
    { version: 10, apply: ({ edit, graph }, node) => void edit.updateNode(graph, node, { opType: 'Resize' }) },
  ],
  Slice: [{ version: 10, apply: (step, node) => attributesToInputs(step, node, { starts: { at: 1, kind: 'ints' }, ends: { at: 2, kind: 'ints' }, axes: { at: 3, kind: 'ints' } }) }],
  TopK: [{ version: 10, apply: (step, node) => attributesToInputs(step, node, { k: { at: 1, kind: 'ints' } }) }],
  Dropout: [
    {
      version: 10,
      blocker: ({ edit, graph }, node) => (node.outputs[1] && edit.document.uses(graph, node.outputs[1]).length > 0 ? 'its mask is in use and changed its type' : null),
      apply: nothing,
    },
    // Without a training_mode input it passes its input through, whatever the ratio.
    { version: 12, apply: ({ edit, graph }, node) => void edit.setAttribute(graph, node, 'ratio', null) },
  ],
  Clip: [{ version: 11, apply: (step, node) => attributesToInputs(step, node, { min: { at: 1, kind: 'scalar' }, max: { at: 2, kind: 'scalar' } }) }],
  Pad: [{ version: 11, apply: (step, node) => attributesToInputs(step, node, { pads: { at: 1, kind: 'ints' }, value: { at: 2, kind: 'scalar' } }) }],
  Resize: [
    { version: 11, apply: upgradeResize },
    // An empty tensor stood for scales left out beside sizes; now nothing must stand there.
    { version: 18, apply: ({ edit, graph }, node) => void (node.inputs[3] && node.inputs[2] ? edit.setInput(graph, node, 2, '') : null) },
  ],
  Scatter: [{ version: 11, apply: ({ edit, graph }, node) => void edit.updateNode(graph, node, { opType: 'ScatterElements' }) }],
  Squeeze: [{ version: 13, apply: (step, node) => attributesToInputs(step, node, { axes: { at: 1, kind: 'ints' } }) }],
  Unsqueeze: [{ version: 13, apply: (step, node) => attributesToInputs(step, node, { axes: { at: 1, kind: 'ints' } }) }],
  ReduceSum: [{ version: 13, apply: (step, node) => attributesToInputs(step, node, { axes: { at: 1, kind: 'ints' } }) }],
  Split: [
    { version: 13, apply: (step, node) => attributesToInputs(step, node, { split: { at: 1, kind: 'ints' } }) },
    { version: 18, apply: ({ edit, graph }, node) => void (node.inputs[1] ? null : edit.setAttribute(graph, node, 'num_outputs', makeInt('num_outputs', node.outputs.length))) },
  ],
  ...Object.fromEntries(['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'SumSquare'].map((kind) => [`Reduce${kind}`, reduction])),
  RoiAlign: [{ version: 16, apply: ({ edit, graph }, node) => void edit.setAttribute(graph, node, 'coordinate_transformation_mode', makeString('coordinate_transformation_mode', 'output_half_pixel')) }],
  AveragePool: [
    {
      version: 19,
      blocker: (_, node) => (intAttribute(node, 'ceil_mode', 0) === 1 && intAttribute(node, 'count_include_pad', 0) === 1 ? 'how it counts padding together with ceil_mode changed' : null),
      apply: nothing,
    },
  ],
  GridSample: [{ version: 20, apply: renameInterpolation }],
  DFT: [{ version: 20, blocker: () => 'its axis became an input', apply: nothing }],
  GroupNormalization: [{ version: 21, blocker: () => 'its scale and bias became those of channels instead of groups', apply: nothing }],
  Softmax: [{ version: 13, apply: upgradeSoftmax }],
  LogSoftmax: [{ version: 13, apply: upgradeSoftmax }],
  Hardmax: [{ version: 13, apply: upgradeSoftmax }],
}

/** Raises the model's opset to `target` (at most {@link NEWEST_RULED_OPSET}) or says why it cannot; then nothing was touched. */
export function upgradeOpset(edit: Edit, target: number): UpgradeRefusal | null {
  const current = edit.model.opsetImports.find(({ domain }) => sameDomain(domain, ''))?.version ?? 0
  if (current >= target) return null
  const hint = `Export the model again with opset ${target} or newer.`
  if (target > NEWEST_RULED_OPSET) throw new Error(`internal: there are no rules for opset ${target}`)
  if (current < OLDEST) return { message: `The model uses opset ${current === 0 ? 'none' : current}; raising it to ${target} is possible from ${OLDEST} on.`, hint }
  if (edit.model.functions.length > 0) return { message: `The model has functions of its own with opset ${current}; they cannot be raised to ${target}.`, hint }

  const types = inferTypes(edit.document)
  const graphs = edit.document.graphs().filter((graph) => enclosingFunction(edit.document, graph) === null)
  for (const graph of graphs) {
    for (const node of graph.nodes) {
      const reason = blocker({ edit, graph, types }, node, { current, target })
      if (reason) return { message: `Opset ${current} cannot be raised to ${target}: ${node.opType} '${node.name}': ${reason}.`, hint, nodeId: node.id, nodeName: node.name }
    }
  }
  for (let version = current + 1; version <= target; version++) {
    for (const graph of edit.document.graphs()) {
      for (const node of [...graph.nodes]) {
        if (!sameDomain(node.domain, '')) continue
        rules[node.opType]?.find((rule) => rule.version === version)?.apply({ edit, graph, types }, node)
      }
    }
  }
  raiseIrVersion(edit, IR_VERSIONS[target] ?? 0)
  edit.requireOpset('', target)
  return null
}

function blocker(step: Step, node: Node, { current, target }: { current: number; target: number }): string | null {
  if (!sameDomain(node.domain, '')) return null
  const changes = (rules[node.opType] ?? []).filter(({ version }) => version > current && version <= target)
  for (const rule of changes) {
    const reason = rule.blocker?.(step, node)
    if (reason) return reason
  }
  const schema = opSchema('', node.opType, target)
  const isRenamed = (node.opType === 'Upsample' || node.opType === 'Scatter') && changes.length > 0
  if (!isRenamed && (!schema || schema.deprecated)) return `there is no such operator in opset ${target}`
  return null
}

/** Below IR version 4 all initializers are inputs too, without being defaults; above it they would become that. */
export function raiseIrVersion(edit: Edit, version: number): void {
  if (edit.model.irVersion >= version) return
  if (edit.model.irVersion < 4) {
    const { initializers } = edit.document.index(edit.main)
    edit.updateGraph(edit.main, { inputs: edit.main.inputs.filter(({ name }) => !initializers.has(name)) })
  }
  edit.updateModel({ irVersion: version })
}

type InputKind = 'ints' | 'floats' | 'scalar'

/** Takes attributes away and gives their values as constant inputs. */
function attributesToInputs({ edit, graph, types }: Step, node: Node, moved: Readonly<Record<string, { at: number; kind: InputKind }>>): void {
  const inputs = [...node.inputs]
  for (const [name, { at, kind }] of Object.entries(moved)) {
    if (!findAttribute(node, name)) continue
    while (inputs.length <= at) inputs.push('')
    inputs[at] = addConstant(edit, graph, `n${node.id}.${name}`, { dataType: dataTypeOf(kind, types, graph, node), ...attributeNumbers(node, name, kind) })
  }
  edit.updateNode(graph, node, { inputs, attributes: node.attributes.filter(({ name }) => !(name in moved)) })
}

function attributeNumbers(node: Node, name: string, kind: InputKind): { dims: number[]; values: readonly (number | bigint)[] } {
  if (kind === 'scalar') return { dims: [], values: [floatAttribute(node, name, 0)] }
  if (kind === 'floats') {
    const values = floatsAttribute(node, name, [])
    return { dims: [values.length], values }
  }
  // As they are: 'to the end' is often written as the largest int64, which no number holds.
  const attribute = findAttribute(node, name)
  const values = attribute?.type === 'int' ? [attribute.value] : attribute?.type === 'ints' ? attribute.value : []
  return { dims: [values.length], values }
}

function dataTypeOf(kind: InputKind, types: TypeTable, graph: Graph, node: Node): DataTypeName {
  if (kind === 'ints') return 'int64'
  const type = kind === 'scalar' ? types.typeOf(graph, node.inputs[0] ?? '') : null
  const known = type?.kind === 'tensor' && type.dataType !== 0 ? dataTypeName(type.dataType) : null
  return known ?? 'float32'
}

function addConstant(edit: Edit, graph: Graph, base: string, { dataType, dims, values }: { dataType: DataTypeName; dims: readonly number[]; values: readonly (number | bigint)[] }): string {
  const name = edit.freshName(graph, base)
  edit.setInitializer(graph, rawTensor(name, dataType, dims, bytesOf(typedArray(dataType, values))))
  return name
}

function typedArray(dataType: DataTypeName, values: readonly (number | bigint)[]): TensorNumbers {
  if (dataType === 'int64') return BigInt64Array.from(values, BigInt)
  const numbers = values.map(Number)
  if (dataType === 'float64') return Float64Array.from(numbers)
  if (dataType === 'float16') return Uint16Array.from(numbers, float32ToFloat16)
  return Float32Array.from(numbers)
}

/** Resize-10 was what Resize-11 calls asymmetric; nearest rounded down. */
function upgradeResize({ edit, graph }: Step, node: Node): void {
  const [input = '', scales = ''] = node.inputs
  const nearest = stringAttribute(node, 'mode', 'nearest') === 'nearest'
  edit.updateNode(graph, node, {
    inputs: [input, addConstant(edit, graph, `n${node.id}.roi`, { dataType: 'float32', dims: [0], values: [] }), scales],
    attributes: [...node.attributes, makeString('coordinate_transformation_mode', 'asymmetric'), ...(nearest ? [makeString('nearest_mode', 'floor')] : [])],
  })
}

/** Opset 20 calls the ways to interpolate as Resize does. */
function renameInterpolation({ edit, graph }: Step, node: Node): void {
  const renamed = { bilinear: 'linear', bicubic: 'cubic' }[stringAttribute(node, 'mode', 'bilinear')]
  if (renamed !== undefined && findAttribute(node, 'mode')) edit.setAttribute(graph, node, 'mode', makeString('mode', renamed))
}

/** Before opset 13 all axes from `axis` on were taken together. */
function upgradeSoftmax({ edit, graph, types }: Step, node: Node): void {
  const axis = intAttribute(node, 'axis', 1)
  const [input = ''] = node.inputs
  const [output = ''] = node.outputs
  const type = types.typeOf(graph, input)
  const shape = type?.kind === 'tensor' ? type.shape : undefined
  const position = axis < 0 && shape ? axis + shape.length : axis
  if (shape?.slice(position + 1).every((dim) => dim === 1)) {
    edit.setAttribute(graph, node, 'axis', makeInt('axis', position))
    return
  }
  const fresh = (suffix: string) => edit.freshName(graph, `n${node.id}.${suffix}`)
  const [shapeName, flat, result] = [fresh('shape'), fresh('flat'), fresh('result')]
  edit.addNode(graph, { opType: 'Shape', inputs: [input], outputs: [shapeName] }, { before: node })
  edit.addNode(graph, { opType: 'Flatten', inputs: [input], outputs: [flat], attributes: [makeInt('axis', axis)] }, { before: node })
  const moved = edit.updateNode(graph, node, { inputs: [flat], outputs: [result] })
  const changed = edit.setAttribute(graph, moved, 'axis', makeInt('axis', -1))
  edit.addNode(graph, { opType: 'Reshape', inputs: [result, shapeName], outputs: [output] }, { after: changed })
}
