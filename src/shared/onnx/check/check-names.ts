/** Names of values: each made once, made before it is read, and given out only where it is made. */
import type { ModelDocument } from '../document'
import { readNames } from '../topological-order'
import { subgraphsOf } from '../graph-index'
import type { Graph, Node } from '../records'
import { findCycle } from './find-cycle'
import { type Findings, nodeLabel, sentenceStart } from './findings'

interface Scope {
  readonly graph: Graph
  /** What is defined at the point reached, of this graph alone. */
  readonly defined: Set<string>
  /** What the nodes of this graph make, reached or not. */
  readonly made: ReadonlySet<string>
  readonly outer: Scope | null
}

export function checkNames(document: ModelDocument, findings: Findings): void {
  checkGraph(document.model.graph, null, findings)
  for (const { body } of document.model.functions) checkGraph(body, null, findings)
}

function checkGraph(graph: Graph, outer: Scope | null, findings: Findings): void {
  const scope: Scope = { graph, defined: new Set(), made: new Set(graph.nodes.flatMap(({ outputs }) => outputs)), outer }
  defineInputs(scope, findings)
  const early: { node: Node; name: string }[] = []
  const nodeNames = new Map<string, Node>()
  for (const node of graph.nodes) {
    checkInputs(scope, node, findings, early)
    for (const inner of subgraphsOf(node)) checkGraph(inner, scope, findings)
    defineOutputs(scope, node, findings)
    checkNodeName(node, nodeNames, findings)
  }
  checkOutputs(scope, findings)
  if (early.length > 0) reportOrder(graph, early, findings)
}

function defineInputs({ graph, defined }: Scope, findings: Findings): void {
  for (const { name } of graph.inputs) {
    if (defined.has(name)) findings.error('duplicate-input', { message: `Two inputs of graph '${graph.name}' are called '${name}'.`, hint: 'Rename one of them.', valueName: name })
    defined.add(name)
  }
  const tensors = new Set<string>()
  for (const { name } of [...graph.initializers, ...graph.sparseInitializers.map(({ values }) => values)]) {
    if (tensors.has(name)) {
      findings.warning('duplicate-initializer', { message: `Two initializers of graph '${graph.name}' are called '${name}'; the last one counts.`, hint: 'Remove one of them.', valueName: name })
    }
    tensors.add(name)
    defined.add(name)
  }
}

function checkInputs(scope: Scope, node: Node, findings: Findings, early: { node: Node; name: string }[]): void {
  for (const name of node.inputs) {
    if (name === '' || scope.defined.has(name) || isDefinedOutside(scope, name)) continue
    if (scope.made.has(name)) early.push({ node, name })
    // A subgraph may read what the graph around it makes only after the node that holds the subgraph.
    else if (!isMadeOutside(scope, name)) {
      findings.error('undefined-input', {
        message: `${sentenceStart(nodeLabel(node))} reads '${name}', which is no input, initializer or output of a node.`,
        hint: 'The node that made it may have been removed, or the name misspelt.',
        node,
        valueName: name,
      })
    }
  }
}

function defineOutputs(scope: Scope, node: Node, findings: Findings): void {
  for (const name of node.outputs) {
    if (name === '') continue
    if (scope.defined.has(name)) {
      findings.error('duplicate-definition', {
        message: `${sentenceStart(nodeLabel(node))} makes '${name}', but graph '${scope.graph.name}' already has a value of that name.`,
        hint: 'Every value must have a name of its own.',
        node,
        valueName: name,
      })
    } else if (isDefinedOutside(scope, name)) {
      findings.error('shadows-outer-value', {
        message: `${sentenceStart(nodeLabel(node))} in subgraph '${scope.graph.name}' makes '${name}', a name that the graph around it already uses.`,
        hint: 'Rename the value inside the subgraph.',
        node,
        valueName: name,
      })
    }
    scope.defined.add(name)
  }
}

function checkOutputs(scope: Scope, findings: Findings): void {
  const given = new Set<string>()
  for (const { name } of scope.graph.outputs) {
    if (given.has(name)) findings.warning('duplicate-output', { message: `Graph '${scope.graph.name}' gives out '${name}' twice.`, valueName: name })
    given.add(name)
    if (scope.defined.has(name)) continue
    const outside = isDefinedOutside(scope, name)
    findings.error('output-not-produced', {
      message: outside
        ? `Subgraph '${scope.graph.name}' gives out '${name}', which the graph around it makes.`
        : `Graph '${scope.graph.name}' gives out '${name}', which nothing in it makes.`,
      hint: outside ? 'Put an Identity inside the subgraph and give out its result.' : 'Remove the output, or connect it.',
      valueName: name,
    })
  }
}

function checkNodeName(node: Node, seen: Map<string, Node>, findings: Findings): void {
  if (node.name === '') return
  const earlier = seen.get(node.name)
  seen.set(node.name, node)
  if (earlier) {
    findings.error('duplicate-node-name', {
      message: `Two nodes are called '${node.name}' (${earlier.opType} and ${node.opType}); onnxruntime refuses that.`,
      hint: 'Rename one of them, or leave its name empty.',
      node,
    })
  }
}

/** A node that reads what a later node makes: the order is wrong, unless no order can be right. */
function reportOrder(graph: Graph, early: readonly { node: Node; name: string }[], findings: Findings): void {
  const cycle = findCycle(graph.nodes, readNames)
  if (cycle) {
    const shown = cycle.slice(0, 6).map(nodeLabel)
    findings.error('cycle', {
      message: `The graph '${graph.name}' goes round in a circle: ${shown.join(' → ')}${cycle.length > shown.length ? ` → … (${cycle.length} nodes)` : ''} → back to the first.`,
      hint: 'A model must not need its own results. Disconnect one of these nodes.',
      node: cycle[0] ?? null,
    })
    return
  }
  const [first] = early
  if (!first) return
  findings.warning('not-sorted', {
    message: `Nodes of graph '${graph.name}' are not in the order they run: ${nodeLabel(first.node)} comes before the node that makes its input '${first.name}'${early.length > 1 ? `, and ${early.length - 1} more like it` : ''}.`,
    hint: 'onnxruntime sorts them itself; other tools may refuse the model.',
    node: first.node,
    valueName: first.name,
  })
}

function isDefinedOutside({ outer }: Scope, name: string): boolean {
  for (let scope = outer; scope; scope = scope.outer) if (scope.defined.has(name)) return true
  return false
}

function isMadeOutside({ outer }: Scope, name: string): boolean {
  for (let scope = outer; scope; scope = scope.outer) if (scope.made.has(name)) return true
  return false
}
