/** Embeddings that share their table with the output projection, as most language models do: one 8-bit table for both. */
import { floatAttribute, intAttribute, intsAttribute, makeInts } from '#shared/onnx/attributes'
import { sameDomain } from '#shared/onnx/document'
import { inferTypes, type TypeTable } from '#shared/onnx/infer/infer-types'
import type { Graph, Node, Tensor } from '#shared/onnx/records'
import { constantTensor } from '../constants'
import type { ReadonlyDocument } from '../pass'
import { isEqual, isTurnedCopy } from '../tied-weights'
import type { StoredWeight } from '../weight-store'
import type { DynamicQuantizer } from './dynamic-quantizer'
import { gatherRows, type Place } from './gather-rows'

/** A product with the turned table for its second input. */
interface Product extends Place {
  /** The value that it reads for it: the table itself, a turned copy of it, or what a Transpose gives. */
  readonly weight: string
}

interface Tie {
  readonly owner: Graph
  /** float32[rows, columns] */
  readonly table: Tensor
  readonly gathers: readonly Place[]
  readonly products: readonly Product[]
}

/**
 * Quantizes each table that chosen Gather and MatMul or Gemm nodes share, together with those nodes: uint8 rows, which Gather reads and
 * the product reads turned. onnxruntime turns a constant once, when it loads the model. With a scale for each channel, each row has its own: a
 * row is an output channel of the product. Tables that are not shared are left to the rules of the nodes.
 */
export function quantizeTiedTables(quantizer: DynamicQuantizer, graphs: readonly Graph[], isChosen: (node: Node) => boolean): void {
  for (const tie of findTies(quantizer, graphs, isChosen)) {
    const { owner, table } = tie
    const { perChannel, reduceRange } = quantizer.options
    const stored = quantizer.weights.store(owner, table.name, {
      layout: { dims: table.dims, axis: perChannel ? 0 : null },
      options: { type: 'uint8', symmetric: perChannel, reduceRange },
      ...(perChannel && { scaleDims: [table.dims[0] ?? 0, 1], zeroPointDims: [] }),
    })
    for (const gather of tie.gathers) gatherRows(quantizer.edit, gather, { owner, stored, perRow: perChannel })
    const turned = new Map<Graph, { values: string; scale: string }>()
    for (const product of tie.products) {
      const known = turned.get(product.graph) ?? turnedTable(quantizer, product, stored)
      turned.set(product.graph, known)
      rewriteProduct(quantizer, product, { ...known, zeroPoint: stored.zeroPoint })
    }
    for (const { graph, weight } of tie.products) if (weight !== table.name) removeUnread(quantizer, graph, weight)
  }
}

function findTies(quantizer: DynamicQuantizer, graphs: readonly Graph[], isChosen: (node: Node) => boolean): Tie[] {
  const { document } = quantizer.edit
  const places = graphs.flatMap((graph) => graph.nodes.filter(isChosen).map((node): Place => ({ graph, node })))
  const tables = new Map<Tensor, { owner: Graph; gathers: Place[] }>()
  for (const { graph, node } of places) {
    if (node.opType !== 'Gather' || intAttribute(node, 'axis', 0) !== 0 || !node.inputs[1] || !node.outputs[0]) continue
    const table = quantizer.weight(graph, node.inputs[0], 2)
    const owner = document.definition(graph, node.inputs[0] ?? '')?.graph
    if ('reason' in table || table.dims.length !== 2 || !owner) continue
    const known = tables.get(table) ?? { owner, gathers: [] }
    known.gathers.push({ graph, node })
    tables.set(table, known)
  }
  if (tables.size === 0) return []
  const types = inferTypes(document)
  const products = places.filter((place) => isProduct(document, types, place))
  return [...tables].flatMap(([table, { owner, gathers }]) => {
    const tied = products.flatMap(({ graph, node }): Product[] => {
      const weight = node.inputs[1] ?? ''
      return isTurned(quantizer, { graph, node }, table) && document.definition(graph, table.name)?.graph === owner ? [{ graph, node, weight }] : []
    })
    return tied.length === 0 ? [] : [{ owner, table, gathers, products: tied }]
  })
}

/** MatMul of at least two axes, or Gemm; the scales of the table leave no room for a factor. */
function isProduct(document: ReadonlyDocument, types: TypeTable, { graph, node }: Place): boolean {
  const [input, weight] = node.inputs
  if (!input || !weight || !node.outputs[0] || constantTensor(document, graph, input)) return false
  if (node.opType === 'MatMul') {
    const type = types.typeOf(graph, input)
    return type?.kind === 'tensor' && (type.shape?.length ?? 0) >= 2
  }
  return node.opType === 'Gemm' && intAttribute(node, 'transA', 0) === 0 && floatAttribute(node, 'alpha', 1) === 1 && (!node.inputs[2] || floatAttribute(node, 'beta', 1) === 1)
}

/** Whether the product's second input, as it computes with it, is the table turned: [columns, rows]. */
function isTurned({ edit }: DynamicQuantizer, { graph, node }: Place, table: Tensor): boolean {
  const name = node.inputs[1] ?? ''
  const isTransposed = node.opType === 'Gemm' && intAttribute(node, 'transB', 0) !== 0
  const constant = constantTensor(edit.document, graph, name)
  if (constant) return isTransposed ? constant === table || isEqual(constant, table) : isTurnedCopy(constant, table)
  if (isTransposed) return false
  const definition = edit.document.definition(graph, name)
  if (definition?.definition.kind !== 'node') return false
  const { node: transpose } = definition.definition
  if (transpose.opType !== 'Transpose' || !sameDomain(transpose.domain, '')) return false
  return intsAttribute(transpose, 'perm', [1, 0]).join() === '1,0' && constantTensor(edit.document, definition.graph, transpose.inputs[0] ?? '') === table
}

/** The table and its scales as the product reads them: [columns, rows] and [1, rows]. */
function turnedTable({ edit, options }: DynamicQuantizer, { graph, node }: Place, stored: StoredWeight): { values: string; scale: string } {
  const turn = (name: string) => {
    const turned = edit.freshName(graph, `${name}.turned`)
    edit.addNode(graph, { opType: 'Transpose', inputs: [name], outputs: [turned], attributes: [makeInts('perm', [1, 0])] }, { before: node })
    return turned
  }
  return { values: turn(stored.values), scale: options.perChannel ? turn(stored.scale) : stored.scale }
}

function rewriteProduct(quantizer: DynamicQuantizer, { graph, node }: Place, weight: StoredWeight): void {
  const { edit } = quantizer
  const [input = ''] = node.inputs
  const [output = ''] = node.outputs
  const bias = node.opType === 'Gemm' ? (node.inputs[2] ?? '') : ''
  const product = bias === '' ? output : edit.freshName(graph, `n${node.id}.product`)
  const detached = edit.updateNode(graph, node, { outputs: [product] })
  const activation = quantizer.activation(graph, input, detached)
  const last = quantizer.integerNode(graph, detached, {
    opType: 'MatMulInteger',
    inputs: [activation.values, weight.values, activation.zeroPoint, weight.zeroPoint],
    keepAttributes: false,
    scales: [activation.scale, weight.scale],
    output: product,
  })
  if (bias !== '') edit.addNode(graph, { opType: 'Add', inputs: [product, bias], outputs: [output] }, { after: last })
}

/** A turned copy of the table, or the Transpose that made it. */
function removeUnread({ edit }: DynamicQuantizer, graph: Graph, name: string): void {
  const found = edit.document.definition(graph, name)
  if (!found || edit.document.uses(found.graph, name).length > 0) return
  if (found.definition.kind === 'node') edit.removeNode(found.graph, found.definition.node)
  else if (found.definition.kind === 'initializer') edit.removeInitializer(found.graph, name)
}
