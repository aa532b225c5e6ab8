import type { GraphDiff, ModelDiff, NodePair } from '../../ipc/model-diff'
import type { ModelDocument } from '../document'
import { subgraphsOf } from '../graph-index'
import type { TypeTable } from '../infer/infer-types'
import type { Graph, Model, Node, ValueInfo } from '../records'
import { typeText } from '../view/type-text'
import { alignNodes } from './align-nodes'
import { makeDiffGraph } from './diff-graph'
import { loneNodes, replacedNodes } from './lone-nodes'
import { nodeChanges } from './node-changes'

export interface DiffSide {
  readonly document: ModelDocument
  readonly types: TypeTable
}

type Entry = ModelDiff['fields'][number]

/**
 * Compares two models by structure: renaming, fusing and quantizing do not hide what is the same (see align-nodes.ts). Reads all weights that
 * differ. Errors in the models are no errors here: what cannot be read counts as different.
 */
export function diffModels(a: DiffSide, b: DiffSide): ModelDiff {
  const graphs: GraphDiff[] = []
  const queue: [Graph, Graph][] = [[a.document.model.graph, b.document.model.graph]]
  const known = new Map(b.document.model.functions.map((definition) => [functionName(definition), definition]))
  const functions: Entry[] = []
  for (const definition of a.document.model.functions) {
    const other = known.get(functionName(definition))
    if (other) queue.push([definition.body, other.body])
    else functions.push({ name: functionName(definition), a: 'present', b: null })
    known.delete(functionName(definition))
  }
  functions.push(...[...known.keys()].map((name) => ({ name, a: null, b: 'present' })))
  for (let at = 0; at < queue.length; at++) {
    const next = queue[at]
    if (!next) break
    const { diff, inner } = diffGraphs(a, b, next)
    graphs.push(diff)
    queue.push(...inner)
  }
  const count = (list: (graph: GraphDiff) => number) => graphs.reduce((sum, graph) => sum + list(graph), 0)
  const summary = {
    same: count(({ pairs }) => pairs.filter(({ changes }) => changes.length === 0).length),
    changed: count(({ pairs }) => pairs.filter(({ changes }) => changes.length > 0).length),
    added: count(({ added }) => added.length),
    removed: count(({ removed }) => removed.length),
  }
  return { graphs, fields: fieldChanges(a.document.model, b.document.model), functions, summary }
}

function diffGraphs(a: DiffSide, b: DiffSide, [graphA, graphB]: [Graph, Graph]): { diff: GraphDiff; inner: [Graph, Graph][] } {
  const alignment = alignNodes(makeDiffGraph(a.document, graphA), makeDiffGraph(b.document, graphB))
  const types = { a: a.types, b: b.types }
  const pairs: NodePair[] = []
  const changedPairs = new Set<number>()
  const inner: [Graph, Graph][] = []
  for (const [x, y] of alignment.pairs()) {
    const [one, other] = [graphA.nodes[x], graphB.nodes[y]]
    if (!one || !other) continue
    const changes = nodeChanges(alignment, { x, y, types })
    pairs.push({ a: nodeRef(one), b: nodeRef(other), changes })
    if (changes.some(({ kind }) => kind !== 'input' && kind !== 'type')) changedPairs.add(x)
    const others = subgraphsOf(other)
    subgraphsOf(one).forEach((body, at) => others[at] && inner.push([body, others[at]]))
  }
  return {
    inner,
    diff: {
      name: graphA.name,
      a: graphA.id,
      b: graphB.id,
      pairs,
      removed: loneNodes(alignment.a, (node) => alignment.isOpenA(node)),
      added: loneNodes(alignment.b, (node) => alignment.isOpenB(node)),
      replaced: replacedNodes(alignment, changedPairs),
      inputs: valueChanges(graphA.inputs, graphB.inputs),
      outputs: valueChanges(graphA.outputs, graphB.outputs),
    },
  }
}

function nodeRef({ id, name, opType, domain }: Node): NodePair['a'] {
  return { id, name, opType, domain }
}

function valueChanges(a: readonly ValueInfo[], b: readonly ValueInfo[]): Entry[] {
  return entryChanges(a.map(({ name, type }) => [name, typeText(type)]), b.map(({ name, type }) => [name, typeText(type)]))
}

function fieldChanges(a: Model, b: Model): Entry[] {
  const fields = (model: Model): [string, string][] => [
    ['ir_version', String(model.irVersion)],
    ['producer_name', model.producerName],
    ['producer_version', model.producerVersion],
    ['domain', model.domain],
    ['model_version', String(model.modelVersion)],
    ['doc_string', model.docString],
    ...model.opsetImports.map(({ domain, version }): [string, string] => [`opset ${domain === '' ? 'ai.onnx' : domain}`, String(version)]),
    ...model.metadata.map(({ key, value }): [string, string] => [`metadata ${key}`, value]),
  ]
  return entryChanges(fields(a), fields(b))
}

function entryChanges(a: readonly (readonly [string, string])[], b: readonly (readonly [string, string])[]): Entry[] {
  const [left, right] = [new Map(a), new Map(b)]
  const names = new Set([...left.keys(), ...right.keys()])
  return [...names].map((name) => ({ name, a: left.get(name) ?? null, b: right.get(name) ?? null })).filter((entry) => entry.a !== entry.b)
}

function functionName({ domain, name, overload }: Model['functions'][number]): string {
  return `${domain}.${name}${overload === '' ? '' : `:${overload}`}`
}
