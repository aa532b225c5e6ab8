import { z } from 'zod'
import { type Edit, sameDomain } from '#shared/onnx/document'
import { readNames } from '#shared/onnx/topological-order'
import { subgraphsOf } from '#shared/onnx/graph-index'
import type { Graph, Model, Node } from '#shared/onnx/records'
import { definePass } from './pass'

const options = z.strictObject({
  identities: z.boolean().default(true).describe('Also take out Identity nodes, and Dropout nodes that do nothing at inference.'),
})

export const eliminateDeadNodes = definePass({
  name: 'eliminate-dead-nodes',
  title: 'Remove what nothing uses',
  description: 'Removes nodes, initializers, functions and annotations that no output depends on. Results do not change.',
  calibration: 'none',
  keepsResults: true,
  options,
  run(edit, { identities }) {
    for (const graph of edit.document.graphs()) if (identities) bypassIdentities(edit, graph)
    // Inner graphs go last in the list, so a node removed outside takes its subgraphs with it before they are looked at.
    for (const graph of edit.document.graphs()) if (edit.document.graphs().includes(graph)) removeUnread(edit, graph)
    removeUnusedFunctions(edit)
    for (const graph of edit.document.graphs()) removeStaleAnnotations(edit, graph)
  },
})

/**
 * A graph's output keeps the node that makes it: its name is the model's interface, and a subgraph may not give out a value of the
 * graph around it.
 */
function bypassIdentities(edit: Edit, graph: Graph): void {
  for (const node of [...graph.nodes]) {
    const current = edit.document.index(graph).nodes.get(node.id)
    const [input, output] = [current?.inputs[0], current?.outputs[0]]
    if (!current || !input || !output || !passesInputThrough(current)) continue
    if (edit.document.uses(graph, output).some((use) => use.node === null)) continue
    edit.replaceUses(graph, output, input)
    edit.removeNode(graph, current)
  }
}

function passesInputThrough(node: Node): boolean {
  if (!sameDomain(node.domain, '')) return false
  if (node.opType === 'Identity') return true
  // From opset 12 on an input may turn training on; the mask is asked for where there is a second output.
  return node.opType === 'Dropout' && node.outputs.slice(1).every((name) => name === '') && (node.inputs[2] ?? '') === ''
}

function removeUnread(edit: Edit, graph: Graph): void {
  const live = liveNodes(edit, graph)
  for (const node of graph.nodes.toReversed()) if (!live.has(node.id)) edit.removeNode(graph, node)
  const inputs = new Set(graph.inputs.map(({ name }) => name))
  for (const { name } of [...graph.initializers]) {
    // An initializer that is also an input is part of the interface.
    if (!inputs.has(name) && edit.document.uses(graph, name).length === 0) edit.removeInitializer(graph, name)
  }
}

/** Nodes that an output depends on, and those without outputs: they can only be there for what they do. */
function liveNodes(edit: Edit, graph: Graph): Set<number> {
  const index = edit.document.index(graph)
  const live = new Set<number>()
  const pending = [...graph.outputs.map(({ name }) => name)]
  const enter = (node: Node) => {
    if (live.has(node.id)) return
    live.add(node.id)
    pending.push(...readNames(node))
  }
  for (const node of graph.nodes) if (node.outputs.every((name) => name === '')) enter(node)
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const definition = index.definition(name)
    if (definition?.kind === 'node') enter(definition.node)
  }
  return live
}

function removeUnusedFunctions(edit: Edit): void {
  const kept = usedFunctions(edit.model)
  if (kept.length < edit.model.functions.length) edit.updateModel({ functions: kept })
}

function usedFunctions(model: Model): Model['functions'] {
  const used = new Set<Model['functions'][number]>()
  const visit = (graph: Graph) => {
    for (const node of graph.nodes) {
      for (const inner of subgraphsOf(node)) visit(inner)
      for (const definition of model.functions) {
        if (used.has(definition) || definition.name !== node.opType || !sameDomain(definition.domain, node.domain)) continue
        used.add(definition)
        visit(definition.body)
      }
    }
  }
  visit(model.graph)
  return model.functions.filter((definition) => used.has(definition))
}

/** Types and quantization notes of values that are gone. */
function removeStaleAnnotations(edit: Edit, graph: Graph): void {
  const index = edit.document.index(graph)
  const valueInfo = graph.valueInfo.filter(({ name }) => index.definition(name) !== null)
  if (valueInfo.length < graph.valueInfo.length) edit.updateGraph(graph, { valueInfo })
  const quantizationAnnotations = graph.quantizationAnnotations.filter(({ tensorName }) => index.definition(tensorName) !== null)
  if (quantizationAnnotations.length < graph.quantizationAnnotations.length) edit.updateGraph(graph, { quantizationAnnotations })
}
