import type { EditCommandOf } from '../../ipc/edit-commands'
import { readNames } from '../topological-order'
import type { Graph, Node, ValueType } from '../records'
import type { EditContext } from './edit-context'
import { restoreOrder, withoutTrailingEmpty } from './names'
import { findGraph, findNodes } from './references'

export function removeNodes(context: EditContext, command: EditCommandOf<'removeNodes'>): void {
  const { edit } = context
  const graph = findGraph(edit.document, command.graph)
  const chosen = findNodes(edit.document, graph, command.nodes)
  const doomed = command.mode === 'with-dependents' ? withDependents(context, graph, chosen) : chosen
  const kept = new Set<number>()
  if (command.mode === 'reconnect') {
    for (const { id } of doomed) if (reconnectAround(context, graph, id) === 'kept') kept.add(id)
  }
  // From the last to the first: what a node feeds goes before it does.
  for (const { id } of doomed.toReversed()) {
    const node = edit.document.index(graph).nodes.get(id)
    if (!node || kept.has(id)) continue
    for (const output of node.outputs) if (output !== '') disconnectReaders(context, graph, output, id)
    const current = edit.document.index(graph).nodes.get(id)
    if (current) edit.removeNode(graph, current)
  }
  restoreOrder(edit, graph)
}

/** The nodes and all others that read nothing made by a node except what these make. */
function withDependents({ edit }: EditContext, graph: Graph, chosen: readonly Node[]): Node[] {
  const index = edit.document.index(graph)
  const doomed = new Set(chosen.map(({ id }) => id))
  for (let grew = true; grew; ) {
    grew = false
    for (const node of graph.nodes) {
      if (doomed.has(node.id)) continue
      const feeders = readNames(node).flatMap((name) => {
        const found = index.definition(name)
        return found?.kind === 'node' ? [found.node.id] : []
      })
      if (feeders.length === 0 || !feeders.every((id) => doomed.has(id))) continue
      doomed.add(node.id)
      grew = true
    }
  }
  return graph.nodes.filter(({ id }) => doomed.has(id))
}

/**
 * Leads the readers of a node's first output to the first input of the same type. Where the graph gives out that output and
 * nothing else can make it, the node stays as an Identity.
 */
function reconnectAround(context: EditContext, graph: Graph, id: number): 'kept' | 'free' {
  const { edit } = context
  const { document } = edit
  const node = document.index(graph).nodes.get(id)
  const output = node?.outputs[0] ?? ''
  if (!node || output === '' || document.uses(graph, output).length === 0) return 'free'
  const outputType = context.types().typeOf(graph, output)
  const input = node.inputs.find((name) => name !== '' && agree(context.types().typeOf(graph, name), outputType))
  if (input === undefined) return 'free'
  edit.replaceUses(graph, output, input, (reader) => reader.id !== id)
  if (!graph.outputs.some(({ name }) => name === output)) return 'free'
  const source = document.index(graph).definition(input)
  const isRead = graph.outputs.some(({ name }) => name === input)
  if (source?.kind !== 'node' || isRead) {
    edit.updateNode(graph, node, { opType: 'Identity', domain: '', inputs: [input], outputs: [output], attributes: [] })
    context.note({ severity: 'info', code: 'kept-as-identity', message: `The graph gives out '${output}', so an Identity stays in place of ${node.opType} '${node.name}'.`, nodeId: id })
    return 'kept'
  }
  // The output of the graph keeps its name: what is led through takes it.
  edit.updateNode(graph, node, { outputs: [edit.freshName(graph, `${output}_removed`), ...node.outputs.slice(1)] })
  const producer = document.index(graph).nodes.get(source.node.id) ?? source.node
  edit.updateNode(graph, producer, { outputs: producer.outputs.map((name) => (name === input ? output : name)) })
  edit.replaceUses(graph, input, output)
  edit.updateGraph(graph, { valueInfo: graph.valueInfo.filter(({ name }) => name !== input) })
  return 'free'
}

function agree(a: ValueType | null, b: ValueType | null): boolean {
  if (a?.kind !== 'tensor' || b?.kind !== 'tensor' || a.dataType !== b.dataType || a.dataType === 0) return false
  const [left, right] = [a.shape, b.shape]
  if (!left || !right) return true
  return left.length === right.length && left.every((dim, axis) => dim === null || right[axis] === null || dim === right[axis])
}

/** Readers are left open; outputs of the main graph that would have no source are taken away. */
function disconnectReaders(context: EditContext, graph: Graph, name: string, ownId: number): void {
  const { edit } = context
  const uses = edit.document.uses(graph, name).filter(({ node }) => node?.id !== ownId)
  for (const use of uses) {
    const reader = use.node && edit.document.index(use.graph).nodes.get(use.node.id)
    if (reader) edit.updateNode(use.graph, reader, { inputs: withoutTrailingEmpty(reader.inputs.map((input) => (input === name ? '' : input))) })
    else if (!use.node) edit.updateGraph(use.graph, { outputs: use.graph.outputs.filter((output) => output.name !== name) })
  }
  if (uses.length > 0) {
    context.note({ severity: 'warning', code: 'readers-left-open', message: `What read '${name}' (${uses.length} ${uses.length === 1 ? 'place' : 'places'}) now reads nothing.`, valueName: name })
  }
}
