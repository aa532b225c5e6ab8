/** What is known of the operators that nodes of a graph may use. */
import { AppError } from '../../errors'
import { type ModelDocument, sameDomain, type Edit } from '../document'
import type { FunctionDefinition, Graph, OpsetImport } from '../records'
import { newestOpset, opSchema, type OpSchema, opVersions, runtimeOpset } from '../schema/op-schema'
import { enclosingFunction, opsetVersions, versionInForce } from '../schema/opset-versions'

/** The schema in force for an operator in `graph`; null for functions of the model, and for domains nobody knows. */
export function schemaIn(document: ModelDocument, graph: Graph, op: { readonly domain: string; readonly opType: string }): OpSchema | null {
  if (functionOf(document, op)) return null
  const version = versionInForce(opsetVersions(document, graph), op.domain)
  return version === null ? null : opSchema(op.domain, op.opType, version)
}

/** The function of the model that a node of this kind calls, or null. */
export function functionOf(document: ModelDocument, op: { readonly domain: string; readonly opType: string; readonly overload?: string }): FunctionDefinition | null {
  return document.model.functions.find(({ domain, name, overload }) => sameDomain(domain, op.domain) && name === op.opType && overload === (op.overload ?? '')) ?? null
}

/** The same as {@link schemaIn}; throws `bad-usage` where a domain we know has no such operator at the model's version. */
export function requireOperator(document: ModelDocument, graph: Graph, { domain, opType }: { readonly domain: string; readonly opType: string }): OpSchema | null {
  const schema = schemaIn(document, graph, { domain, opType })
  if (schema && !schema.deprecated) return schema
  if (functionOf(document, { domain, opType }) || newestOpset(domain) === null) return null
  const name = domain === '' ? opType : `${domain}.${opType}`
  const version = versionInForce(opsetVersions(document, graph), domain)
  if (schema) throw new AppError({ code: 'bad-usage', message: `${name} is no longer an operator in opset ${version ?? '?'}.` })
  const [since] = opVersions(domain, opType)
  if (since === undefined) throw new AppError({ code: 'bad-usage', message: `There is no operator ${name}.`, hint: 'For an operator of your own, give it a domain of its own.' })
  throw new AppError({ code: 'bad-usage', message: `${name} came with opset ${since}; the model uses ${version ?? 'none'}.`, hint: 'Convert the model to a newer opset first.' })
}

/** Declares the domain of a new node where the graph's model or function does not import it yet. */
export function requireImport(edit: Edit, graph: Graph, domain: string): void {
  addImport(edit, graph, { domain, version: runtimeOpset(domain) ?? newestOpset(domain) ?? 1 })
}

export function addImport(edit: Edit, graph: Graph, wanted: OpsetImport): void {
  const { model } = edit.document
  const definition = enclosingFunction(edit.document, graph)
  const imports = definition?.opsetImports ?? model.opsetImports
  if (imports.some(({ domain }) => sameDomain(domain, wanted.domain))) return
  if (!definition) edit.updateModel({ opsetImports: [...imports, wanted] })
  else edit.updateModel({ functions: model.functions.map((known) => (known === definition ? { ...known, opsetImports: [...imports, wanted] } : known)) })
}
