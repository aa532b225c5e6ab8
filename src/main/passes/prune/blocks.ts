/** Parts of a model that could be left out: what a residual sum adds to the value that goes past it. */
import type { Edit, ModelDocument } from '#shared/onnx/document'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import { shapeOf } from '#shared/onnx/infer/fact'
import type { Node } from '#shared/onnx/records'
import { readNames } from '#shared/onnx/topological-order'
import { constantTensor } from '../constants'
import { isOnnx } from './trace'

export interface Block {
  /** The Add at its end, by id. */
  readonly sum: number
  /** Takes the sum's place. */
  readonly passed: string
  /** Nodes that only the part left out needs, its layers among them. */
  readonly nodes: readonly Node[]
  readonly layers: readonly Node[]
}

const LAYERS = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul', 'LSTM', 'GRU'])

/** Blocks of the main graph, in its order: residual blocks, attention and feed-forward sublayers, and either side of a sum of two branches. */
export function findBlocks(document: ModelDocument): Block[] {
  const { graph } = document.model
  const types = inferTypes(document)
  const shape = (name: string) => shapeOf(types.typeOf(graph, name))
  return graph.nodes.flatMap((node): Block[] => {
    const [output = ''] = node.outputs
    if (node.opType !== 'Add' || !isOnnx(node) || graph.outputs.some(({ name }) => name === output)) return []
    const given = shape(output)
    return node.inputs.flatMap((branch, at): Block[] => {
      const passed = node.inputs[1 - at] ?? ''
      if (branch === passed || constantTensor(document, graph, passed) || constantTensor(document, graph, branch)) return []
      // What takes the sum's place must have its shape, and so must what is left out: else it was broadcast.
      if (!given || shape(passed)?.join() !== given.join() || given.includes(null)) return []
      const nodes = neededOnlyFor(document, { name: branch, reader: node, kept: passed })
      const layers = nodes.filter(({ opType }) => LAYERS.has(opType))
      return layers.length > 0 ? [{ sum: node.id, passed, nodes, layers }] : []
    })
  })
}

/** Nodes that nothing needs once `reader` does not read `name`, while `kept` is read on. */
function neededOnlyFor(document: ModelDocument, { name, reader, kept }: { readonly name: string; readonly reader: Node; readonly kept: string }): Node[] {
  const { graph } = document.model
  const index = document.index(graph)
  const gone = new Set<number>([reader.id])
  const found: Node[] = []
  const open = [name]
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const definition = index.definition(value)
    if (definition?.kind !== 'node' || gone.has(definition.node.id)) continue
    const { node } = definition
    const isNeeded = node.outputs.some((output) => output === kept || document.uses(graph, output).some((use) => use.node === null || !gone.has(use.node.id)))
    if (isNeeded) continue
    gone.add(node.id)
    found.push(node)
    open.push(...readNames(node))
  }
  return found
}

/** Leaves a block out. Returns the nodes that now read what went past it, by id. */
export function removeBlock(edit: Edit, { sum, passed }: Block): number[] {
  const graph = edit.main
  const index = edit.document.index(graph)
  const node = index.nodes.get(sum)
  if (!node) throw new Error('internal: a block went away before it was removed')
  const [output = ''] = node.outputs
  const readers = edit.document.uses(graph, output).flatMap((use) => (use.node && use.graph === graph ? [use.node.id] : []))
  edit.replaceUses(graph, output, passed)
  removeUnread(edit, [sum])
  return readers
}

/** Removes nodes that nobody reads, what then nobody reads, and their constants. */
function removeUnread(edit: Edit, ids: readonly number[]): void {
  const graph = edit.main
  const open = [...ids]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = edit.document.index(graph).nodes.get(id)
    if (!node || node.outputs.some((output) => edit.document.uses(graph, output).length > 0)) continue
    edit.removeNode(graph, node)
    for (const name of readNames(node)) {
      const found = edit.document.index(graph).definition(name)
      if (found?.kind === 'node') open.push(found.node.id)
      else if (found?.kind === 'initializer' && edit.document.uses(graph, name).length === 0 && !graph.inputs.some((input) => input.name === name)) edit.removeInitializer(graph, name)
    }
    edit.updateGraph(graph, { valueInfo: graph.valueInfo.filter(({ name }) => !node.outputs.includes(name)) })
  }
}
