import { AppError } from '../../errors'
import { subgraphsOf } from '../graph-index'
import type { Edit, ModelDocument } from '../document'
import type { Graph } from '../records'

/** Names that values of the graph and of the subgraphs in it have. */
function valueNamesWithin(graph: Graph, into = new Set<string>()): Set<string> {
  for (const { name } of [...graph.inputs, ...graph.initializers, ...graph.sparseInitializers.map(({ values }) => values)]) into.add(name)
  for (const node of graph.nodes) {
    for (const name of node.outputs) if (name !== '') into.add(name)
    for (const inner of subgraphsOf(node)) valueNamesWithin(inner, into)
  }
  return into
}

/** Throws `invalid-model` where a value of the graph, of one around it or of one within it has the name. */
export function requireFreeValueName(document: ModelDocument, graph: Graph, name: string): void {
  if (name !== '' && document.definition(graph, name) === null && !valueNamesWithin(graph).has(name)) return
  const message = name === '' ? 'A value needs a name.' : `The name '${name}' is already taken in graph '${graph.name}' or in a graph around or within it.`
  throw new AppError({ code: 'invalid-model', message, hint: 'Choose another name.' })
}

/** Throws `invalid-model` where another node of the graph has the name; onnxruntime refuses two. */
export function requireFreeNodeName(graph: Graph, name: string, own?: number): void {
  if (name === '' || !graph.nodes.some((node) => node.name === name && node.id !== own)) return
  throw new AppError({ code: 'invalid-model', message: `Another node of graph '${graph.name}' is called '${name}'.`, hint: 'Choose another name, or leave it empty.' })
}

/** Gives out names that no node of the graph has; an empty one stays empty. */
export function freshNodeNames(graph: Graph): (base: string) => string {
  const taken = new Set(graph.nodes.map(({ name }) => name))
  return (base) => {
    if (base === '') return ''
    let name = base
    for (let n = 1; taken.has(name); n++) name = `${base}_${n}`
    taken.add(name)
    return name
  }
}

/** Without the optional inputs or outputs left out at the end. */
export function withoutTrailingEmpty(names: readonly string[]): string[] {
  return names.slice(0, names.findLastIndex((name) => name !== '') + 1)
}

/** Puts the graph, and those around it, in the order they run. Throws `invalid-model` where there is a circle. */
export function restoreOrder(edit: Edit, graph: Graph): void {
  for (let at: Graph | undefined = graph; at; at = edit.document.index(at).parent?.graph) edit.sortTopologically(at)
}
