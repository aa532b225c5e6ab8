import type { Diagnostic } from '../../diagnostic'
import type { ModelSummary } from '../../ipc/model-view'
import type { ModelDocument } from '../document'
import type { TypeTable } from '../infer/infer-types'
import { modelMacs } from '../infer/macs'
import { macTypes, shownMacs } from './mac-types'
import { parameterCount } from './parameters'
import { feedableInputs, namedTypeView } from './view-graph'

interface SummarySource {
  readonly document: ModelDocument
  readonly path: string
  /** The model file and its external data. */
  readonly sizeBytes: number
  readonly diagnostics: readonly Diagnostic[]
  readonly types: TypeTable
}

/** The model at a glance. Inputs are those a caller has to feed; `parameterCount` counts as `parameters.ts` says. */
export function summarizeModel({ document, path, sizeBytes, diagnostics, types }: SummarySource): ModelSummary {
  const { model } = document
  const { graph } = model
  const withDtype = ({ type, ...rest }: ReturnType<typeof namedTypeView>) => ({ ...rest, dtype: type })
  return {
    path,
    format: model.irVersion > 0 ? `ONNX v${model.irVersion}` : 'ONNX',
    irVersion: model.irVersion,
    opsets: model.opsetImports.map(({ domain, version }) => ({ domain: domain || 'ai.onnx', version })),
    producer: `${model.producerName} ${model.producerVersion}`.trim(),
    domain: model.domain,
    modelVersion: String(model.modelVersion),
    docString: model.docString,
    metadata: Object.fromEntries(model.metadata.map(({ key, value }) => [key, value])),
    inputs: feedableInputs(document, graph).map((input) => withDtype(namedTypeView(input, types.typeOf(graph, input.name)))),
    outputs: graph.outputs.map((output) => withDtype(namedTypeView(output, types.typeOf(graph, output.name)))),
    nodeCount: document.graphs().reduce((sum, { nodes }) => sum + nodes.length, 0),
    parameterCount: parameterCount(document),
    macs: shownMacs(modelMacs(document, macTypes(document, types))),
    sizeBytes,
    opCounts: countOps(document),
    functions: model.functions.map(({ body, domain, name }) => ({ graphId: body.id, domain, name })),
    diagnostics: distinct(diagnostics),
  }
}

/** Opening a file and checking the model may find the same thing; it is told once. */
function distinct(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...new Map(diagnostics.map((diagnostic) => [`${diagnostic.code}\0${diagnostic.nodeId ?? ''}\0${diagnostic.message}`, diagnostic])).values()]
}

/** Nodes of each operator over the main graph, subgraphs and functions, most frequent first; foreign domains are named (`com.microsoft.Gelu`). */
export function countOps(document: ModelDocument): Record<string, number> {
  const counts = new Map<string, number>()
  for (const { nodes } of document.graphs()) {
    for (const { domain, opType } of nodes) {
      const name = domain === '' || domain === 'ai.onnx' ? opType : `${domain}.${opType}`
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  }
  return Object.fromEntries([...counts].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)))
}
