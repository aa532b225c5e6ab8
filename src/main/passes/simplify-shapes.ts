import { z } from 'zod'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { type Edit, sameDomain } from '#shared/onnx/document'
import { inferTypes, type TypeTable } from '#shared/onnx/infer/infer-types'
import type { Dim, Graph, Node, ValueInfo } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { constantTensor, elementsOf, isInFunction } from './constants'
import { dropConstants } from './fuse/graph-match'
import { definePass, type PassContext } from './pass'

const options = z.strictObject({
  dims: z
    .record(z.string(), z.number().int().positive())
    .default({})
    .describe('Sizes to fix symbolic dimensions of the inputs to, by symbol or as input:axis. The model then takes inputs of these sizes only.'),
})

export const simplifyShapes = definePass({
  name: 'simplify-shapes',
  title: 'Work out shapes',
  description: 'Replaces shapes computed in the graph by constants where they are known, also in part: a Reshape keeps one unknown dimension as -1 and takes unchanged ones as 0.',
  calibration: 'none',
  keepsResults: true,
  options,
  run(edit, { dims }, context) {
    fixInputs(edit, dims, context)
    // From IR version 4 on, another value may be fed instead of such a default; what follows from it is not known.
    const { initializers } = edit.document.index(edit.main)
    if (edit.model.irVersion >= 4 && edit.main.inputs.some(({ name }) => initializers.has(name))) {
      context.report({ severity: 'info', code: 'not-simplified', message: 'Shapes were left as they are: some inputs have default values, and others may be fed.', hint: "Run 'fold-constants' first." })
      return
    }
    const types = inferTypes(edit.document)
    for (const graph of edit.document.graphs()) {
      if (isInFunction(edit.document, graph)) continue
      for (const node of [...graph.nodes]) {
        if (!sameDomain(node.domain, '')) continue
        if (!storeElements(edit, graph, types, node) && node.opType === 'Reshape') simplifyReshape(edit, graph, types, node)
      }
    }
  },
})

function fixInputs(edit: Edit, dims: Readonly<Record<string, number>>, context: PassContext): void {
  const used = new Set<string>()
  const symbols = new Map<string, number>()
  const fixed = (key: string) => {
    if (Object.hasOwn(dims, key)) used.add(key)
    return Object.hasOwn(dims, key) ? dims[key] : undefined
  }
  const inputs = edit.main.inputs.map((input) =>
    mapDims(input, (dim, axis) => {
      const size = typeof dim === 'number' ? undefined : (fixed(`${input.name}:${axis}`) ?? (dim === null ? undefined : fixed(dim)))
      if (size !== undefined && dim !== null) symbols.set(String(dim), size)
      return size ?? dim
    }),
  )
  if (used.size > 0) {
    const resolve = (value: ValueInfo) => mapDims(value, (dim) => (typeof dim === 'string' ? (symbols.get(dim) ?? dim) : dim))
    edit.updateGraph(edit.main, { inputs })
    for (const graph of edit.document.graphs()) {
      edit.updateGraph(graph, { outputs: graph.outputs.map(resolve), valueInfo: graph.valueInfo.map(resolve), ...(graph === edit.main ? { inputs: graph.inputs.map(resolve) } : {}) })
    }
  }
  const unknown = Object.keys(dims).filter((key) => !used.has(key))
  if (unknown.length > 0) context.report({ severity: 'warning', code: 'no-such-dimension', message: `No input has a free dimension ${unknown.map((key) => `'${key}'`).join(', ')}.` })
}

function mapDims(value: ValueInfo, map: (dim: Dim, axis: number) => Dim): ValueInfo {
  if (value.type?.kind !== 'tensor' || !value.type.shape) return value
  return { ...value, type: { ...value.type, shape: value.type.shape.map(map) } }
}

/** Puts a constant in the place of a node whose result is small integers that are all known. */
function storeElements(edit: Edit, graph: Graph, types: TypeTable, node: Node): boolean {
  const [output = ''] = node.outputs
  const type = types.typeOf(graph, output)
  if (node.outputs.length !== 1 || type?.kind !== 'tensor' || !type.shape || (type.dataType !== DATA_TYPES.int64.code && type.dataType !== DATA_TYPES.int32.code)) return false
  const elements = types.elementsOf(graph, output)?.filter((element) => typeof element === 'number')
  const dims = type.shape.filter((dim) => typeof dim === 'number')
  if (!elements || dims.length < type.shape.length || elements.length !== elementsOf(dims) || !elements.every(Number.isSafeInteger)) return false
  // What a graph gives out keeps its node: not every reader takes an initializer there.
  if (edit.document.uses(graph, output).some((use) => use.node === null)) return false
  const isWide = type.dataType === DATA_TYPES.int64.code
  const removed = edit.updateNode(graph, node, { inputs: [], outputs: [''] })
  edit.setInitializer(graph, isWide ? rawTensor(output, 'int64', dims, bytesOf(BigInt64Array.from(elements, BigInt))) : rawTensor(output, 'int32', dims, bytesOf(Int32Array.from(elements))))
  edit.removeNode(graph, removed)
  dropConstants({ edit, graph }, node.inputs)
  return true
}

function simplifyReshape(edit: Edit, graph: Graph, types: TypeTable, node: Node): void {
  const [input = '', shapeName = ''] = node.inputs
  const type = types.typeOf(graph, input)
  if (type?.kind !== 'tensor' || !type.shape || constantTensor(edit.document, graph, shapeName)) return
  const elements = types.elementsOf(graph, shapeName)
  const shape = elements && constantShape(elements, type.shape)
  if (!shape) return
  const name = edit.freshName(graph, `${shapeName}.known`)
  edit.setInitializer(graph, rawTensor(name, 'int64', [shape.length], bytesOf(BigInt64Array.from(shape, BigInt))))
  edit.setInput(graph, edit.setAttribute(graph, node, 'allowzero', null), 1, name)
}

/** The shape as Reshape takes it: 0 for what stays, -1 for the one that is not known; null where two are not, or one is empty. */
function constantShape(elements: readonly Dim[], input: readonly Dim[]): number[] | null {
  const shape = elements.map((element, at) => {
    if (typeof element === 'number') return element
    return element !== null && element === input[at] ? 0 : -1
  })
  const isPlain = shape.every((dim, at) => dim > 0 || typeof elements[at] !== 'number' || dim === -1)
  return isPlain && shape.filter((dim) => dim === -1).length <= 1 ? shape : null
}
