/** Functions of the model: made of a selection, and put back in place of a call. */
import { AppError } from '../../errors'
import type { EditCommandOf } from '../../ipc/edit-commands'
import { sameDomain } from '../document'
import type { Attribute, Graph } from '../records'
import { enclosingFunction, opsetVersions, versionsByDomain } from '../schema/opset-versions'
import { allNodes, cloneNode } from './clone-graph'
import type { EditContext } from './edit-context'
import { boundaryOf, refersOutward } from './extract-model'
import { requireSameOperators } from './graft'
import { removeTakenOut, takeOut } from './merge-models'
import { freshNodeNames, restoreOrder } from './names'
import { addImport, functionOf } from './operators'
import { findGraph, findNode, findNodes } from './references'

/** The first file format with functions. */
const FUNCTIONS_IR_VERSION = 8

/** Constants the nodes read become inputs of the function: functions have no initializers. */
export function wrapFunction(context: EditContext, command: EditCommandOf<'wrapFunction'>): void {
  const { edit } = context
  const { document } = edit
  const graph = findGraph(document, command.graph)
  const { domain, name } = command
  if (sameDomain(domain, '')) throw new AppError({ code: 'bad-usage', message: 'A function needs a domain of its own.' })
  if (functionOf(document, { domain, opType: name })) throw new AppError({ code: 'bad-usage', message: `The model has a function ${domain}.${name} already.`, hint: 'Choose another name.' })
  if (edit.model.irVersion < 4) throw new AppError({ code: 'not-supported', message: `Files of format ${edit.model.irVersion} have no functions.`, hint: 'Convert the model to opset 9 or newer first.' })
  const nodes = findNodes(document, graph, command.nodes)
  const inner = nodes.find(refersOutward)
  if (inner) throw new AppError({ code: 'not-supported', message: `${inner.opType} '${inner.name}' takes an attribute from the function around it.` })
  const boundary = boundaryOf(document, graph, nodes)
  const inputs = [...boundary.inputs, ...boundary.constants]
  const opsetImports = enclosingFunction(document, graph)?.opsetImports ?? edit.model.opsetImports
  const body: Graph = {
    id: edit.newGraphId(),
    name,
    docString: '',
    nodes: nodes.map((node) => ({ ...cloneNode(node, { edit, into: null, names: new Map(), nodeName: (known) => known }), id: edit.newNodeId() })),
    inputs: inputs.map((input) => ({ name: input, type: null })),
    outputs: boundary.outputs.map((output) => ({ name: output, type: null })),
    valueInfo: [],
    initializers: [],
    sparseInitializers: [],
    quantizationAnnotations: [],
    metadata: [],
    unknown: [],
  }
  takeOut(edit, graph, nodes)
  edit.addFunction({ name, domain, overload: '', docString: '', attributeNames: [], attributeDefaults: [], opsetImports, metadata: [], body, unknown: [] })
  addImport(edit, graph, { domain, version: 1 })
  if (edit.model.irVersion < FUNCTIONS_IR_VERSION) edit.updateModel({ irVersion: FUNCTIONS_IR_VERSION })
  edit.addNode(graph, { opType: name, domain, name: freshNodeNames(graph)(name), inputs, outputs: boundary.outputs })
  removeTakenOut(edit, graph, nodes)
  restoreOrder(edit, graph)
}

/** Takes the definition away with its last call. */
export function inlineFunction(context: EditContext, command: EditCommandOf<'inlineFunction'>): void {
  const { edit } = context
  const { document } = edit
  const graph = findGraph(document, command.graph)
  const call = findNode(document, graph, command.node)
  const definition = functionOf(document, call)
  if (!definition) throw new AppError({ code: 'bad-usage', message: `${call.opType} '${call.name}' calls no function of the model.` })
  const { body } = definition
  if (enclosingFunction(document, graph) === definition) throw new AppError({ code: 'not-supported', message: 'A function cannot be put into itself.' })
  for (const entry of definition.opsetImports) addImport(edit, graph, entry)
  requireSameOperators(allNodes(body.nodes), versionsByDomain(definition.opsetImports), opsetVersions(document, graph))
  const bindings = new Map<string, Attribute>(definition.attributeDefaults.map((attribute) => [attribute.name, attribute]))
  for (const attribute of call.attributes) bindings.set(attribute.name, attribute)
  const names = new Map<string, string>()
  body.inputs.forEach(({ name }, at) => names.set(name, call.inputs[at] ?? ''))
  const passed = new Set(names.keys())
  takeOut(edit, graph, [call])
  body.outputs.forEach(({ name }, at) => {
    const output = call.outputs[at] ?? ''
    if (passed.has(name)) {
      if (output !== '') edit.addNode(graph, { opType: 'Identity', inputs: [names.get(name) ?? ''], outputs: [output] })
    } else if (output !== '') names.set(name, output)
  })
  for (const { outputs } of body.nodes) {
    for (const name of outputs) if (name !== '' && !names.has(name)) names.set(name, edit.freshName(graph, call.name === '' ? name : `${call.name}/${name}`))
  }
  const fresh = freshNodeNames(graph)
  const nodeName = (name: string) => fresh(name === '' || call.name === '' ? name : `${call.name}/${name}`)
  for (const node of body.nodes) edit.addNode(graph, cloneNode(node, { edit, into: graph, names, nodeName, bindings }))
  removeTakenOut(edit, graph, [call])
  const isCalled = document.graphs().some(({ nodes }) => nodes.some((node) => functionOf(document, node) === definition))
  if (!isCalled) edit.updateModel({ functions: edit.model.functions.filter((known) => known !== definition) })
  restoreOrder(edit, graph)
}
