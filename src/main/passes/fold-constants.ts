import { createHash } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '#shared/errors'
import { dataTypeName, rawByteLength } from '#shared/onnx/data-type'
import { type Edit, sameDomain } from '#shared/onnx/document'
import { subgraphsOf } from '#shared/onnx/graph-index'
import { inferTypes, type TypeTable } from '#shared/onnx/infer/infer-types'
import type { Graph, Model, Node, Tensor, ValueType } from '#shared/onnx/records'
import { opSchema } from '#shared/onnx/schema/op-schema'
import { rawTensor, tensorBytes } from '#shared/onnx/tensor-data'
import type { TensorValue } from '../runtime/model-runner'
import { constantTensor, elementsOf, isInFunction, isReadable, opsetVersion, tensorByteLength } from './constants'
import { constantNodeTensor, staticShape } from './constant-nodes'
import { definePass, type PassContext } from './pass'

const options = z.strictObject({
  maxBytes: z
    .number()
    .int()
    .min(0)
    .default(1 << 14)
    .describe('A result larger than this many bytes, and larger than what it is computed from, is left to be computed at load: the file does not grow.'),
  defaultsAreConstants: z
    .boolean()
    .default(true)
    .describe('Initializers that are also graph inputs become plain constants: the model can no longer be fed other weights.'),
})

/** Their result is not a function of their inputs, or is another one for each run. */
const NOT_REPEATABLE = new Set(['RandomNormal', 'RandomNormalLike', 'RandomUniform', 'RandomUniformLike', 'Multinomial', 'Bernoulli', 'Dropout'])
/** Folding these would undo a quantization and make the weights four times larger. */
const QUANTIZATION = new Set(['QuantizeLinear', 'DequantizeLinear', 'DynamicQuantizeLinear'])
/** Results may be of any size, so they are folded only where the size is known before. */
const SIZE_FROM_VALUES = new Set(['ConstantOfShape', 'Expand', 'Tile', 'Range', 'OneHot', 'EyeLike', 'Pad', 'Resize', 'Upsample'])

export const foldConstants = definePass({
  name: 'fold-constants',
  title: 'Fold constants',
  description: 'Computes once, in onnxruntime, what depends on constants only, and stores the result. Constant nodes become initializers.',
  calibration: 'none',
  keepsResults: true,
  options,
  async run(edit, { maxBytes, defaultsAreConstants }, context) {
    if (defaultsAreConstants) dropDefaults(edit, context)
    for (const graph of edit.document.graphs()) {
      if (!isInFunction(edit.document, graph)) storeConstantNodes(edit, graph)
    }
    const types = inferTypes(edit.document)
    const shared = new Map<string, string>()
    for (const graph of edit.document.graphs()) {
      // A graph may have gone with the node that held it.
      if (!edit.document.graphs().includes(graph) || isInFunction(edit.document, graph)) continue
      storeStaticShapes(edit, graph, types)
      const folder = { edit, graph, types, maxBytes, context, shared }
      await evaluate(folder, graph.nodes)
    }
  },
})

interface Folder {
  readonly edit: Edit
  readonly graph: Graph
  readonly types: TypeTable
  readonly maxBytes: number
  readonly context: PassContext
  /** Names of large results by graph and content: branches often compute the same from weights of the graph around them. */
  readonly shared: Map<string, string>
}

function dropDefaults(edit: Edit, context: PassContext): void {
  const graph = edit.main
  const { initializers } = edit.document.index(graph)
  const dropped = graph.inputs.filter(({ name }) => initializers.has(name))
  // A model without an opset is from before IR version 3, and cannot go beyond it.
  if (dropped.length === 0 || opsetVersion(edit.model) === 0) return
  // Below IR version 4 every initializer had to be an input as well.
  if (edit.model.irVersion < 4) edit.updateModel({ irVersion: 4 })
  edit.updateGraph(graph, { inputs: graph.inputs.filter(({ name }) => !initializers.has(name)) })
  context.report({
    severity: 'info',
    code: 'defaults-are-constants',
    message: `${dropped.length} inputs with a default value became constants: ${dropped.slice(0, 3).map(({ name }) => `'${name}'`).join(', ')}${dropped.length > 3 ? ', …' : ''}.`,
  })
}

function storeConstantNodes(edit: Edit, graph: Graph): void {
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  for (const node of [...graph.nodes]) {
    if (node.opType !== 'Constant' || !sameDomain(node.domain, '')) continue
    const [output] = node.outputs
    const tensor = output ? constantNodeTensor(node, output) : null
    // What a graph gives out keeps its node: not every reader takes an initializer there.
    if (tensor && !outputs.has(tensor.name)) replaceNode(edit, graph, node, [tensor])
  }
}

function storeStaticShapes(edit: Edit, graph: Graph, types: TypeTable): void {
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  for (const node of [...graph.nodes]) {
    const [output] = node.outputs
    if (node.opType !== 'Shape' || !sameDomain(node.domain, '') || !output || outputs.has(output)) continue
    const tensor = staticShape(node, types.typeOf(graph, node.inputs[0] ?? ''), output)
    if (tensor) replaceNode(edit, graph, node, [tensor])
  }
}

/** Computes those of `nodes` that can be, together; where onnxruntime refuses, in halves, so that one bad node spoils only itself. */
async function evaluate(folder: Folder, nodes: readonly Node[]): Promise<void> {
  const { edit, graph, context } = folder
  const chosen = foldable(folder, nodes)
  if (chosen.length === 0) return
  context.signal.throwIfAborted()
  const chosenNodes = chosen.map(({ node }) => node)
  const names = neededOutputs(edit, graph, chosenNodes)
  let values: Map<string, TensorValue>
  try {
    const running = await context.runner.load(extractModel(edit, graph, chosenNodes, names), { optimization: 'none', threads: 1 })
    try {
      values = await running.run(new Map())
    } finally {
      await running.close()
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const [first] = chosenNodes
    if (chosen.length > 1) {
      const half = chosen.length >> 1
      await evaluate(folder, chosenNodes.slice(0, half))
      await evaluate(folder, chosenNodes.slice(half))
    } else if (first) {
      context.report({ severity: 'info', code: 'not-folded', message: `${first.opType} '${first.name}' was not folded: ${error.message}`, nodeId: first.id, nodeName: first.name })
    }
    return
  }
  // Backwards, so that what only folded nodes read is unread by the time its node is looked at.
  for (const node of chosen.toReversed()) storeResults(folder, node, values)
}

function storeResults(folder: Folder, { node, source }: Candidate, values: Map<string, TensorValue>): void {
  const { edit, graph, maxBytes } = folder
  const used = node.outputs.filter((name) => name !== '' && edit.document.uses(graph, name).length > 0)
  if (used.length === 0) return edit.removeNode(graph, node)
  const tensors = used.flatMap((name) => {
    const value = values.get(name)
    const dataType = value ? dataTypeName(value.dataType) : null
    return value && dataType && !value.strings ? [rawTensor(name, dataType, value.dims, value.bytes.slice())] : []
  })
  if (tensors.length < used.length) return
  const bytes = tensors.reduce((total, tensor) => total + tensorByteLength(tensor), 0)
  if (bytes > maxBytes && bytes > source.bytes) return
  const [only] = tensors
  if (source.home !== graph && bytes > maxBytes && tensors.length === 1 && only) storeOutside(folder, { node, tensor: only, home: source.home })
  else replaceNode(edit, graph, node, tensors)
}

/** Puts a large result where what it is computed from is, once for all the inner graphs that compute the same. */
function storeOutside({ edit, graph, shared }: Folder, { node, tensor, home }: { node: Node; tensor: Tensor; home: Graph }): void {
  const key = `${home.id} ${tensor.dataType} ${tensor.dims.join()} ${createHash('sha256').update(tensorBytes(tensor)).digest('hex')}`
  let name = shared.get(key)
  if (name === undefined) {
    name = edit.freshName(home, tensor.name)
    shared.set(key, name)
    edit.setInitializer(home, { ...tensor, name })
  }
  edit.replaceUses(graph, tensor.name, name)
  edit.removeNode(graph, node)
}

/** Puts initializers with the names of the node's outputs in its place. */
function replaceNode(edit: Edit, graph: Graph, node: Node, tensors: readonly Tensor[]): void {
  const detached = edit.updateNode(graph, node, { outputs: node.outputs.map(() => '') })
  for (const tensor of tensors) edit.setInitializer(graph, tensor)
  edit.removeNode(graph, detached)
}

/** What a value is computed from: the bytes of those constants, and the graph that holds the largest. */
interface Source {
  readonly bytes: number
  readonly home: Graph
}

interface Candidate {
  readonly node: Node
  readonly source: Source
}

/** In the graph's order: nodes all of whose inputs are constants or come from such nodes. */
function foldable({ edit, graph, types, maxBytes }: Folder, nodes: readonly Node[]): Candidate[] {
  const index = edit.document.index(graph)
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  const computed = new Map<string, Source>()
  const sourceOf = (name: string): Source | null => {
    const known = computed.get(name)
    if (known) return known
    const tensor = constantTensor(edit.document, graph, name)
    const found = edit.document.definition(graph, name)
    return tensor && found && isReadable(tensor) ? { bytes: tensorByteLength(tensor), home: found.graph } : null
  }
  const chosen: Candidate[] = []
  for (const { id } of nodes) {
    const node = index.nodes.get(id)
    if (!node || !isRepeatable(node, edit.model) || node.outputs.some((name) => outputs.has(name))) continue
    const inputs = node.inputs.filter((name) => name !== '')
    const source = joinSources(inputs.map(sourceOf))
    if (!source) continue
    const size = node.outputs.reduce<number | null>((total, name) => addSizes(total, name === '' ? 0 : typeBytes(types.typeOf(graph, name))), 0)
    if (size === null && SIZE_FROM_VALUES.has(node.opType)) continue
    if (size !== null && size > maxBytes && size > source.bytes) continue
    chosen.push({ node, source })
    for (const name of node.outputs) computed.set(name, source)
  }
  return chosen
}

function isRepeatable(node: Node, model: Model): boolean {
  if (NOT_REPEATABLE.has(node.opType) || QUANTIZATION.has(node.opType) || subgraphsOf(node).length > 0) return false
  // Operators that onnxruntime does not know, and models that do not say their opset, cannot be run.
  if (!opSchema(node.domain, node.opType, opsetVersion(model, node.domain))) return false
  return !model.functions.some((definition) => definition.name === node.opType && sameDomain(definition.domain, node.domain))
}

/** Outputs of `nodes` that something else reads. */
function neededOutputs(edit: Edit, graph: Graph, nodes: readonly Node[]): string[] {
  const ids = new Set(nodes.map(({ id }) => id))
  const isNeeded = (name: string) => name !== '' && edit.document.uses(graph, name).some((use) => use.graph !== graph || !use.node || !ids.has(use.node.id))
  return nodes.flatMap((node) => node.outputs.filter(isNeeded))
}

/** A model of `nodes` alone, fed by nothing but initializers. */
function extractModel(edit: Edit, graph: Graph, nodes: readonly Node[], outputs: readonly string[]): Model {
  const made = new Set(nodes.flatMap((node) => node.outputs))
  const read = new Set(nodes.flatMap((node) => node.inputs.filter((name) => name !== '' && !made.has(name))))
  const initializers = [...read].map((name) => {
    const tensor = constantTensor(edit.document, graph, name)
    if (!tensor) throw new Error(`internal: '${name}' is not a constant`)
    return tensor
  })
  return {
    ...edit.model,
    irVersion: Math.max(edit.model.irVersion, 8),
    graph: {
      ...graph,
      nodes,
      inputs: [],
      outputs: outputs.map((name) => ({ name, type: null })),
      valueInfo: [],
      initializers,
      sparseInitializers: [],
      quantizationAnnotations: [],
    },
    functions: [],
    trainingInfo: [],
  }
}

function typeBytes(type: ValueType | null): number | null {
  if (type?.kind !== 'tensor' || !type.shape) return null
  const dims = type.shape.filter((dim) => typeof dim === 'number')
  return dims.length < type.shape.length ? null : rawByteLength(type.dataType, elementsOf(dims))
}

/** Null where one of them is, or there is none. */
function joinSources(sources: readonly (Source | null)[]): Source | null {
  return (
    sources.reduce<Source | null | undefined>((joined, source) => {
      if (joined === undefined) return source
      if (!joined || !source) return null
      return { bytes: joined.bytes + source.bytes, home: (joined.bytes >= source.bytes ? joined : source).home }
    }, undefined) ?? null
  )
}

function addSizes(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b
}
