import type { ModelDocument } from '../document'
import type { FunctionDefinition, Graph, OpsetImport } from '../records'
import { runtimeOpset } from './op-schema'

/** Versions by domain; the default domain is `''`. */
export type OpsetVersions = ReadonlyMap<string, number>

/** The operator versions that hold in `graph`: a function's body and its subgraphs have their own, all else has the model's. */
export function opsetVersions(document: ModelDocument, graph: Graph): OpsetVersions {
  return versionsByDomain(enclosingFunction(document, graph)?.opsetImports ?? document.model.opsetImports)
}

/** The function whose body `graph` is or lies in, or null for the main graph and its subgraphs. */
export function enclosingFunction(document: ModelDocument, graph: Graph): FunctionDefinition | null {
  let root = graph
  for (let parent = document.index(root).parent; parent; parent = document.index(root).parent) root = parent.graph
  return document.model.functions.find(({ body }) => body === root) ?? null
}

export function versionsByDomain(imports: readonly OpsetImport[]): OpsetVersions {
  return new Map(imports.map(({ domain, version }) => [domain === 'ai.onnx' ? '' : domain, version]))
}

/**
 * The version at which an operator of `domain` is read: the imported one, else the newest that onnxruntime takes for a domain it
 * knows, as onnxruntime does. Null for unknown domains, and for models that import nothing at all (written before opsets were).
 */
export function versionInForce(opsets: OpsetVersions, domain: string): number | null {
  const name = domain === 'ai.onnx' ? '' : domain
  return opsets.get(name) ?? (opsets.size === 0 ? null : runtimeOpset(name))
}
