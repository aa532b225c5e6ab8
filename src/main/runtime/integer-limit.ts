import { intAttribute } from '#shared/onnx/attributes'
import type { Model, Node } from '#shared/onnx/records'

/** Operators through which indices pass unchanged. */
const PASSING = new Set(['Cast', 'Identity', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Transpose'])

/**
 * How many rows the smallest table has that `input` looks up (embeddings), where it gets there directly: a random integer
 * must stay below. Null where it is no index into a table of known size.
 */
export function integerLimit(model: Model, input: string): number | null {
  const tables = new Map(model.graph.initializers.map((tensor) => [tensor.name, tensor.dims]))
  const reached = new Set([input])
  let limit: number | null = null
  // Nodes are in topological order, so one walk reaches everything.
  for (const node of model.graph.nodes) {
    if (PASSING.has(node.opType) && reached.has(node.inputs[0] ?? '')) reached.add(node.outputs[0] ?? '')
    for (const [indices, table, axis] of lookups(node)) {
      const rows = reached.has(indices) ? tables.get(table)?.at(axis) : undefined
      if (rows !== undefined) limit = Math.min(limit ?? rows, rows)
    }
  }
  return limit
}

/** Names of indices and table, and the axis looked up along. */
function lookups(node: Node): [indices: string, table: string, axis: number][] {
  const at = (input: number) => node.inputs[input] ?? ''
  if (node.opType === 'Gather') return [[at(1), at(0), intAttribute(node, 'axis', 0)]]
  // com.microsoft: word, position and segment tables behind the ids.
  if (node.opType === 'EmbedLayerNormalization') return [[at(0), at(2), 0], [at(1), at(4), 0]]
  return []
}
