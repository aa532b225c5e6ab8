/** Stored tensors, and what annotations say of them. */
import { findTensorProblems } from '../codec/tensor-problems'
import { walkTensors } from '../codec/walk-tensors'
import { DATA_TYPES, dataTypeLabel, dataTypeName } from '../data-type'
import type { ModelDocument } from '../document'
import type { Graph, Node, Tensor } from '../records'
import { type Findings, nodeLabel } from './findings'

/** External data that could not be had is not looked at: `openModelFile` reports it, and knows why. */
export function checkTensors(document: ModelDocument, findings: Findings): void {
  for (const { tensor, node } of walkTensors(document.model)) checkDataType(tensor, node, findings)
  for (const problem of findTensorProblems(document.model)) findings.add(problem)
  for (const graph of document.graphs()) checkAnnotations(document, graph, findings)
}

function checkDataType({ name, dataType }: Tensor, node: Node | null, findings: Findings): void {
  const place = node ? { node } : { valueName: name }
  const label = node ? `A tensor of ${nodeLabel(node)}` : `Initializer '${name}'`
  if (dataType === DATA_TYPES.undefined.code) {
    findings.error('tensor-without-type', { message: `${label} has no data type.`, ...place })
  } else if (dataTypeName(dataType) === null) {
    findings.warning('unknown-data-type', { message: `${label} has data type ${dataTypeLabel(dataType)}, which is not known here.`, hint: 'It is kept and saved unchanged, but cannot run here.', ...place })
  }
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
