/**
 * A model in ONNX's text form (the syntax of onnx.parser), for people and for comparing.
 *
 * The form has no place for everything. Values of long tensors are left out (`{}` with their number in a comment). Sparse
 * initializers and quantization annotations stand in comments; doc strings of graphs and nodes, and their metadata, are not
 * printed. The rest parses back (`parse-text.ts`), but for texts that are not UTF-8.
 */
import type { Attribute, FunctionDefinition, Graph, Model, Node, OpsetImport, StringEntry, ValueInfo } from '../records'
import { readNames } from '../topological-order'
import { printTensor } from './print-tensor'
import { floatWord, identifierWord, nameWord, quoted, shapeWord, typeWord, elementWord } from './print-words'

const INDENT = '   '

/** The whole model: header, main graph, functions. */
export function printModel(model: Model): string {
  const header = [
    ...(model.irVersion > 0 ? [`ir_version: ${model.irVersion}`] : []),
    `opset_import: ${opsetList(model.opsetImports)}`,
    ...(model.producerName ? [`producer_name: ${quoted(model.producerName)}`] : []),
    ...(model.producerVersion ? [`producer_version: ${quoted(model.producerVersion)}`] : []),
    ...(model.domain ? [`domain: ${quoted(model.domain)}`] : []),
    ...(model.modelVersion !== 0n ? [`model_version: ${model.modelVersion}`] : []),
    ...(model.docString ? [`doc_string: ${quoted(model.docString)}`] : []),
    ...(model.metadata.length > 0 ? [`metadata_props: ${entryList(model.metadata)}`] : []),
  ]
  return [headerText(header), graphText(model.graph, ''), ...model.functions.map(functionText)].join('\n') + '\n'
}

/** One graph of the model; a function's body is printed as the function. */
export function printGraph(model: Model, graph: Graph): string {
  const definition = model.functions.find(({ body }) => body === graph)
  return `${definition ? functionText(definition) : graphText(graph, '')}\n`
}

interface PrintedNodes {
  readonly graph: Graph
  readonly nodes: readonly Node[]
  /** Type of a value where it is known. */
  readonly typeOf: (name: string) => ValueInfo['type']
}

/**
 * Some nodes of a graph as a graph of their own: what they read from outside as inputs, what is read of them as outputs, and the initializers
 * they read. `applyNodesText` takes it back.
 */
export function printNodes({ graph, nodes, typeOf }: PrintedNodes): string {
  const made = new Set(nodes.flatMap(({ outputs }) => outputs))
  const inside = new Set(nodes)
  const names = [...new Set(nodes.flatMap(readNames))].filter((name) => !made.has(name))
  const read = new Set([...graph.nodes.filter((node) => !inside.has(node)).flatMap(readNames), ...graph.outputs.map(({ name }) => name)])
  const initializers = graph.initializers.filter(({ name }) => names.includes(name))
  const stored = new Set(initializers.map(({ name }) => name))
  const value = (name: string): ValueInfo => ({ name, type: typeOf(name) })
  const part: Graph = {
    ...graph,
    nodes,
    initializers,
    inputs: names.filter((name) => !stored.has(name)).map(value),
    outputs: [...made].filter((name) => name !== '' && read.has(name)).map(value),
    valueInfo: [],
    sparseInitializers: [],
    quantizationAnnotations: [],
  }
  return `${graphText(part, '')}\n`
}

function headerText(fields: readonly string[]): string {
  return `<\n${fields.map((field) => `${INDENT}${field}`).join(',\n')}\n>`
}

function graphText(graph: Graph, indent: string): string {
  const signature = `${nameWord(graph.name)} (${graph.inputs.map(valueText).join(', ')}) => (${graph.outputs.map(valueText).join(', ')})`
  return `${signature}${declarationsText(graph, indent)} {\n${bodyText(graph, indent)}${indent}}`
}

function functionText({ name, domain, overload, docString, opsetImports, attributeNames, attributeDefaults, body }: FunctionDefinition): string {
  const header = [
    `domain: ${quoted(domain)}`,
    ...(overload ? [`overload: ${quoted(overload)}`] : []),
    `opset_import: ${opsetList(opsetImports)}`,
    ...(docString ? [`doc_string: ${quoted(docString)}`] : []),
  ]
  const attributes = [...attributeNames.map(identifierWord), ...attributeDefaults.map((attribute) => attributeText(attribute, '', []))]
  const parameters = attributes.length > 0 ? ` <${attributes.join(', ')}>` : ''
  const signature = `${nameWord(name)}${parameters} (${body.inputs.map(valueText).join(', ')}) => (${body.outputs.map(valueText).join(', ')})`
  return `${headerText(header)}\n${signature}${declarationsText(body, '')} {\n${bodyText(body, '')}}`
}

/** Initializers and declared types of inner values, one a line. */
function declarationsText({ initializers, valueInfo }: Graph, indent: string): string {
  const lines = [
    ...initializers.map((tensor) => printTensor(tensor, 'initializer')),
    ...valueInfo.map((value) => ({ text: valueText(value), remark: null })),
  ]
  if (lines.length === 0) return ''
  const text = lines.map(({ text, remark }, at) => `${indent}${INDENT}${text}${at < lines.length - 1 ? ',' : ''}${remarkText(remark)}\n`).join('')
  return ` <\n${text}${indent}>`
}

function bodyText({ nodes, sparseInitializers, quantizationAnnotations }: Graph, indent: string): string {
  const inner = indent + INDENT
  return [
    ...sparseInitializers.map(({ values, dims }) => `# sparse initializer ${elementWord(values.dataType)}${shapeWord(dims)} ${nameWord(values.name)} with ${values.dims[0] ?? 0} values`),
    ...quantizationAnnotations.map(({ tensorName, parameters }) => `# quantization of ${nameWord(tensorName)}: ${parameters.map(({ key, value }) => `${key} = ${nameWord(value)}`).join(', ')}`),
    ...nodes.map((node) => nodeText(node, inner)),
  ]
    .map((line) => `${inner}${line.startsWith('#') ? line.replaceAll('\n', ' ') : line}\n`)
    .join('')
}

function nodeText(node: Node, indent: string): string {
  const remarks: string[] = []
  const name = node.name === '' ? '' : `[${nameWord(node.name)}] `
  const domain = node.domain === '' ? '' : `${domainWord(node.domain)}.`
  const overload = node.overload ? `:${identifierWord(node.overload)}` : ''
  const attributes = node.attributes.map((attribute) => attributeText(attribute, indent, remarks)).join(', ')
  const call = `${domain}${identifierWord(node.opType)}${overload}${attributes === '' ? '' : `<${attributes}>`}`
  return `${name}${valueNames(node.outputs)} = ${call}(${valueNames(node.inputs)})${remarkText(remarks.join('; ') || null)}`
}

/** Dotted names stand as they are: `ai.onnx.ml`. */
function domainWord(domain: string): string {
  return /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(domain) ? domain : quoted(domain)
}

function valueNames(names: readonly string[]): string {
  return names.map(nameWord).join(', ')
}

function valueText({ name, type }: ValueInfo): string {
  return type ? `${typeWord(type)} ${nameWord(name)}` : nameWord(name)
}

const HIDDEN_TYPES: ReadonlySet<Attribute['type']> = new Set(['type', 'types', 'sparse-tensor', 'sparse-tensors', 'undefined'])

/** One attribute: `name = value`. The type is written only where the value does not show it. Values left out are noted in `remarks`. */
export function attributeText(attribute: Attribute, indent: string, remarks: string[]): string {
  const name = identifierWord(attribute.name)
  if (attribute.refAttrName) return `${name}: ${typeKeyword(attribute)} = @${identifierWord(attribute.refAttrName)}`
  const isEmptyList = Array.isArray(attribute.value) && attribute.value.length === 0
  const isShown = !isEmptyList && !HIDDEN_TYPES.has(attribute.type)
  return `${name}${isShown ? '' : `: ${typeKeyword(attribute)}`} = ${attributeValue(attribute, indent, remarks)}`
}

function attributeValue(attribute: Attribute, indent: string, remarks: string[]): string {
  const tensorText = (tensor: Parameters<typeof printTensor>[0]) => {
    const { text, remark } = printTensor(tensor, 'attribute')
    if (remark !== null) remarks.push(`${attribute.name}: ${remark}`)
    return text
  }
  const list = (items: readonly string[]) => `[${items.join(', ')}]`
  switch (attribute.type) {
    case 'float':
      return floatWord(attribute.value)
    case 'int':
      return String(attribute.value)
    case 'string':
      return quoted(decodeText(attribute.value))
    case 'floats':
      return list(attribute.value.map((value) => floatWord(value)))
    case 'ints':
      return list(attribute.value.map(String))
    case 'strings':
      return list(attribute.value.map((value) => quoted(decodeText(value))))
    case 'tensor':
      return tensorText(attribute.value)
    case 'tensors':
      return list(attribute.value.map(tensorText))
    case 'graph':
      return graphText(attribute.value, indent)
    case 'graphs':
      return list(attribute.value.map((graph) => graphText(graph, indent)))
    case 'type':
      return attribute.value ? typeWord(attribute.value) : ''
    case 'types':
      return list(attribute.value.map((type) => (type ? typeWord(type) : '')))
    case 'sparse-tensor':
    case 'sparse-tensors':
    case 'undefined':
      remarks.push(`${attribute.name}: a ${attribute.type} value`)
      return '""'
  }
}

function typeKeyword({ type }: Attribute): string {
  return type === 'type' || type === 'types' ? type.replace('type', 'type_proto') : type.replace('-', '_')
}

function decodeText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

function opsetList(imports: readonly OpsetImport[]): string {
  return `[${imports.map(({ domain, version }) => `${quoted(domain)} : ${version}`).join(', ')}]`
}

function entryList(entries: readonly StringEntry[]): string {
  return `[${entries.map(({ key, value }) => `${quoted(key)}: ${quoted(value)}`).join(', ')}]`
}

/** Behind its line, to the end of it. */
function remarkText(remark: string | null): string {
  return remark === null ? '' : ` # ${remark.replaceAll('\n', ' ')}`
}
