import { readNames } from '#shared/onnx/topological-order'
import type { Model, Node } from '#shared/onnx/records'

/**
 * The part of `model` that computes `outputs` (values of its main graph), with these as its only outputs. Inputs stay, so that the same
 * samples fit. Running it costs what the layers up to there cost. Shares everything with `model`: for running only.
 */
export function upstreamModel(model: Model, outputs: readonly string[]): Model {
  const producers = new Map<string, Node>()
  for (const node of model.graph.nodes) for (const name of node.outputs) if (name !== '') producers.set(name, node)
  const needed = new Set<Node>()
  const open = [...outputs]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = producers.get(name)
    if (!node || needed.has(node)) continue
    needed.add(node)
    open.push(...readNames(node))
  }
  const nodes = model.graph.nodes.filter((node) => needed.has(node))
  const read = new Set([...nodes.flatMap(readNames), ...outputs])
  return {
    ...model,
    graph: {
      ...model.graph,
      nodes,
      initializers: model.graph.initializers.filter(({ name }) => read.has(name)),
      outputs: [...new Set(outputs)].map((name) => model.graph.outputs.find((known) => known.name === name) ?? { name, type: null }),
    },
  }
}
