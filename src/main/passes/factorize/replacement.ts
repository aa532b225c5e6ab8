/** Nodes that take the place of one layer: put into the graph, and as a model of their own to be timed. */
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Edit } from '#shared/onnx/document'
import type { Attribute, Graph, Model, Node, Tensor, ValueInfo } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { opsetVersion } from '../constants'
import type { LinearLayer } from './linear-layer'

export interface Weights {
  readonly dims: readonly number[]
  readonly values: Float32Array
}

/** One node. Names are the replacement's own: `x` is the layer's input, the last node's output is the layer's. */
export interface Stage {
  readonly opType: string
  readonly inputs: readonly string[]
  readonly output: string
  readonly attributes: readonly Attribute[]
}

export interface Replacement {
  /** In an order in which they can be computed. */
  readonly stages: readonly Stage[]
  readonly weights: ReadonlyMap<string, Weights>
}

/** The layer's node becomes the last stage and keeps its id and output; the others stand before it. */
export function replaceLayer(edit: Edit, { graph, node, weight, bias }: LinearLayer, { stages, weights }: Replacement): void {
  const base = node.name || (node.outputs[0] ?? '')
  const names = new Map([['x', node.inputs[0] ?? '']])
  const nameOf = (local: string) => {
    const known = names.get(local)
    if (known !== undefined) return known
    const made = edit.freshName(graph, `${base}.${local}`)
    names.set(local, made)
    return made
  }
  for (const [local, { dims, values }] of weights) edit.setInitializer(graph, rawTensor(nameOf(local), 'float32', dims, bytesOf(values)))
  for (const [at, stage] of stages.entries()) {
    const fields = { opType: stage.opType, inputs: stage.inputs.map(nameOf), attributes: stage.attributes }
    if (at === stages.length - 1) edit.updateNode(graph, node, fields)
    else edit.addNode(graph, { ...fields, name: `${base}.${stage.output}`, outputs: [nameOf(stage.output)] }, { before: node })
  }
  for (const old of [weight, bias]) if (old && edit.document.uses(graph, old.name).length === 0) edit.removeInitializer(graph, old.name)
}

/** A model of the layer alone, `x` in and `y` out. */
export function layerModel(model: Model, { node, weight, bias }: LinearLayer, inputDims: readonly number[]): Model {
  const inputs = ['x', 'w', ...(bias ? ['b'] : [])]
  const initializers = [{ ...weight, name: 'w' }, ...(bias ? [{ ...bias, name: 'b' }] : [])]
  return modelOf(model, { nodes: [{ ...node, id: 1, inputs, outputs: ['y'] }], initializers, inputDims })
}

export function replacementModel(model: Model, { stages, weights }: Replacement, inputDims: readonly number[]): Model {
  const nodes = stages.map((stage, at): Node => ({ id: at + 1, name: stage.output, opType: stage.opType, domain: '', inputs: stage.inputs, outputs: [at === stages.length - 1 ? 'y' : stage.output], attributes: stage.attributes }))
  return modelOf(model, { nodes, initializers: [...weights].map(([name, { dims, values }]) => rawTensor(name, 'float32', dims, bytesOf(values))), inputDims })
}

function modelOf(model: Model, { nodes, initializers, inputDims }: { nodes: readonly Node[]; initializers: readonly Tensor[]; inputDims: readonly number[] }): Model {
  const value = (name: string, type: ValueInfo['type']): ValueInfo => ({ name, type })
  const graph: Graph = {
    ...{ id: 1, name: 'layer', docString: '', valueInfo: [], sparseInitializers: [], quantizationAnnotations: [], metadata: [], unknown: [] },
    nodes,
    initializers,
    inputs: [value('x', { kind: 'tensor', dataType: DATA_TYPES.float32.code, shape: inputDims })],
    outputs: [value('y', { kind: 'tensor', dataType: DATA_TYPES.float32.code })],
  }
  return { ...model, opsetImports: [{ domain: '', version: opsetVersion(model) }], metadata: [], functions: [], trainingInfo: [], unknown: [], graph }
}
