import type { EditCommandOf } from '../../ipc/edit-commands'
import type { EditContext } from './edit-context'
import { nodesBetween, unreadInitializers, usedFunctions } from './extract-model'
import { isVisible } from './references'

/** Keeps what lies between values of the main graph; the values become its inputs and outputs. */
export function cutModel(context: EditContext, command: EditCommandOf<'cut'>): void {
  const { edit } = context
  const { document } = edit
  const graph = edit.main
  const types = context.types()
  const namesOf = (values: readonly { readonly name: string }[]) => values.map(({ name }) => name)
  const inputs = command.inputs.length > 0 ? command.inputs : namesOf(graph.inputs)
  const outputs = command.outputs.length > 0 ? command.outputs : namesOf(graph.outputs)
  const kept = new Set(nodesBetween(document, graph, { inputs, outputs }).map(({ id }) => id))
  const described = (name: string) => [...graph.inputs, ...graph.outputs].find((known) => known.name === name) ?? { name, type: types.typeOf(graph, name) }
  const newInputs = inputs.map(described)
  const newOutputs = outputs.map(described)
  edit.updateGraph(graph, { outputs: newOutputs })
  // From the last to the first: readers go before what they read.
  for (const node of graph.nodes.toReversed()) {
    if (!kept.has(node.id)) {
      edit.updateNode(graph, node, { outputs: node.outputs.map((name) => (name === '' ? '' : edit.freshName(graph, `${name}_cut`))) })
      const current = document.index(graph).nodes.get(node.id)
      if (current) edit.removeNode(graph, current)
    } else if (node.outputs.some((name) => inputs.includes(name))) {
      // Made here for others, but from now on fed.
      edit.updateNode(graph, node, { outputs: node.outputs.map((name) => (inputs.includes(name) ? edit.freshName(graph, `${name}_unused`) : name)) })
    }
  }
  for (const name of inputs) if (document.index(graph).initializers.has(name) && !graph.inputs.some((input) => input.name === name)) edit.removeInitializer(graph, name)
  edit.updateGraph(graph, { inputs: newInputs })
  for (const { name } of unreadInitializers(document, graph)) edit.removeInitializer(graph, name)
  const functions = usedFunctions(edit.model.functions, graph.nodes)
  if (functions.length < edit.model.functions.length) edit.updateModel({ functions })
  edit.updateGraph(graph, { valueInfo: graph.valueInfo.filter(({ name }) => isVisible(document, graph, name) && !inputs.includes(name) && !outputs.includes(name)) })
}
