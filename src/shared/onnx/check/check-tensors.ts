/** Stored tensors: that their data fits their shape and type, and is there at all. */
import { DATA_TYPES, dataTypeLabel, dataTypeName, rawByteLength } from '../data-type'
import type { ModelDocument } from '../document'
import { leavesFolder } from '../external-location'
import type { Graph, Node, Tensor } from '../records'
import { type Findings, nodeLabel } from './findings'

interface Missing {
  readonly location: string
  readonly first: string
  count: number
}

export function checkTensors(document: ModelDocument, findings: Findings): void {
  const missing = new Map<string, Missing>()
  for (const graph of document.graphs()) {
    for (const tensor of graph.initializers) checkTensor(tensor, { label: `Initializer '${tensor.name}'`, valueName: tensor.name, missing, findings })
    for (const { values, indices } of graph.sparseInitializers) {
      checkTensor(values, { label: `Sparse initializer '${values.name}'`, valueName: values.name, missing, findings })
      checkTensor(indices, { label: `The index of sparse initializer '${values.name}'`, valueName: values.name, missing, findings })
    }
    for (const node of graph.nodes) {
      for (const { name, tensor } of attributeTensors(node)) checkTensor(tensor, { label: `The attribute '${name}' of ${nodeLabel(node)}`, node, missing, findings })
    }
    checkAnnotations(document, graph, findings)
  }
  for (const { location, first, count } of missing.values()) {
    const escapes = leavesFolder(location)
    findings.error(escapes ? 'external-data-outside-folder' : 'external-data-missing', {
      message: `${first}${count > 1 ? ` and ${count - 1} more` : ''} ${count > 1 ? 'have their' : 'has its'} values in ${location === '' ? 'a file that the model does not name' : `'${location}'`}, ${
        escapes ? "which lies outside the model's folder and was not read" : 'which is not beside the model or is too short'
      }.`,
      hint: escapes ? "Put the data into the model's folder and save the model anew." : 'Put the data file beside the model and open it again.',
    })
  }
}

interface TensorPlace {
  readonly label: string
  readonly node?: Node
  readonly valueName?: string
  readonly missing: Map<string, Missing>
  readonly findings: Findings
}

function checkTensor(tensor: Tensor, { label, missing, findings, ...place }: TensorPlace): void {
  const { dataType, dims, data } = tensor
  if (dataTypeName(dataType) === null) {
    findings.warning('unknown-data-type', { message: `${label} has data type ${dataTypeLabel(dataType)}, which is not known here.`, hint: 'It is kept and saved unchanged.', ...place })
  } else if (dataType === DATA_TYPES.undefined.code) {
    findings.error('tensor-without-type', { message: `${label} has no data type.`, ...place })
  }
  const count = dims.reduce((product, dim) => product * dim, 1)
  if (dims.some((dim) => dim < 0) || !Number.isSafeInteger(count)) {
    findings.error('impossible-dimensions', { message: `${label} has impossible dimensions [${dims.join(', ')}].`, ...place })
    return
  }
  if (data.kind === 'external' && !data.resolved) {
    const location = data.entries.find(({ key }) => key === 'location')?.value ?? ''
    const known = missing.get(location)
    if (known) known.count++
    else missing.set(location, { location, first: label, count: 1 })
    return
  }
  const problem = sizeProblem(tensor, count)
  if (problem) findings.error('tensor-size', { message: `${label} of ${dataTypeLabel(dataType)}[${dims.join(',')}] ${problem}.`, hint: 'The file is damaged, or its exporter wrote it wrongly.', ...place })
}

/** Why the stored data cannot be `count` elements, as far as that can be told without decoding it; null where it can. */
function sizeProblem({ dataType, data }: Tensor, count: number): string | null {
  const expected = rawByteLength(dataType, count)
  switch (data.kind) {
    case 'bytes':
      return expected !== null && data.bytes.length !== expected ? `takes ${expected} bytes but holds ${data.bytes.length}` : null
    case 'raw':
      return expected !== null && data.span.length !== expected ? `takes ${expected} bytes but holds ${data.span.length}` : null
    case 'external':
      return expected !== null && data.resolved && data.resolved.length < expected ? `takes ${expected} bytes but its file holds ${data.resolved.length}` : null
    case 'strings':
      return data.values.length !== count ? `needs ${count} texts but holds ${data.values.length}` : null
    case 'field': {
      const name = dataTypeName(dataType)
      if (name === null) return null
      if (DATA_TYPES[name].field !== data.field) return `has its values in ${data.field}, which is not where that type belongs`
      // Varints have no fixed width; they are counted when the tensor is read.
      const width = data.field === 'float_data' ? 4 : data.field === 'double_data' ? 8 : null
      if (width === null || expected === null || data.chunks.some(({ packed }) => !packed)) return null
      const stored = data.chunks.reduce((sum, { span }) => sum + span.length, 0)
      return stored !== expected ? `takes ${expected / width} numbers but holds ${stored / width}` : null
    }
  }
}

function attributeTensors(node: Node): { name: string; tensor: Tensor }[] {
  return node.attributes.flatMap((attribute) => {
    const { name } = attribute
    switch (attribute.type) {
      case 'tensor':
        return [{ name, tensor: attribute.value }]
      case 'tensors':
        return attribute.value.map((tensor) => ({ name, tensor }))
      case 'sparse-tensor':
        return [attribute.value.values, attribute.value.indices].map((tensor) => ({ name, tensor }))
      default:
        return []
    }
  })
}

function checkAnnotations(document: ModelDocument, graph: Graph, findings: Findings): void {
  for (const { tensorName, parameters } of graph.quantizationAnnotations) {
    if (!document.definition(graph, tensorName)) {
      findings.warning('unknown-annotated-tensor', { message: `A quantization annotation speaks of '${tensorName}', which graph '${graph.name}' does not have.`, valueName: tensorName })
    }
    for (const { key, value } of parameters) {
      if (!document.definition(graph, value)) {
        findings.warning('unknown-annotated-tensor', { message: `The quantization annotation of '${tensorName}' names '${value}' as its ${key}, which graph '${graph.name}' does not have.`, valueName: tensorName })
      }
    }
  }
}
