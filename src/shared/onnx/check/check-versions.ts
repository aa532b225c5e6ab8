/** The file format's version, operator set versions, and what each needs. */
import { DATA_TYPES, type DataTypeName } from '../data-type'
import type { ModelDocument } from '../document'
import type { Graph, Model, ValueType } from '../records'
import { runtimeIrVersion, runtimeOpset, runtimeVersion } from '../schema/op-schema'
import type { Findings } from './findings'

export function checkVersions(document: ModelDocument, findings: Findings): void {
  const { model } = document
  checkIrVersion(model, findings)
  checkOpsetImports(model, findings)
  checkInputTypes(document, findings)
  checkFeatures(document, findings)
}

function checkIrVersion({ irVersion }: Model, findings: Findings): void {
  if (irVersion === 0) {
    findings.error('no-ir-version', { message: 'The file does not say which version of the ONNX format it has (ir_version).', hint: 'Export the model again with a current exporter.' })
  } else if (irVersion > runtimeIrVersion) {
    findings.error('ir-version-too-new', {
      message: `The file has ONNX format version ${irVersion}; onnxruntime ${runtimeVersion} reads up to ${runtimeIrVersion}.`,
      hint: `Export the model with an ir_version of ${runtimeIrVersion} or lower.`,
    })
  }
}

function checkOpsetImports({ irVersion, opsetImports, functions }: Model, findings: Findings): void {
  if (opsetImports.length === 0) {
    const age = irVersion > 0 && irVersion < 3 ? `: its format version ${irVersion} is from before operators had versions` : ''
    findings.error('no-opset-imports', {
      message: `The model does not say which operator set it uses (opset_import is empty), so the meaning of its operators is not known${age}.`,
      hint: 'Export the model again with a current exporter.',
    })
  }
  const versions = new Map<string, number>()
  for (const { domain, version } of opsetImports) {
    const name = domain || 'ai.onnx'
    const earlier = versions.get(name)
    versions.set(name, version)
    if (earlier !== undefined && earlier !== version) {
      findings.warning('duplicate-opset-import', { message: `The operator set ${name} is imported twice, at versions ${earlier} and ${version}; the last one counts.` })
    }
    const newest = runtimeOpset(domain)
    if (newest !== null && version > newest) {
      findings.error('opset-too-new', {
        message: `The model uses ${name} opset ${version}; onnxruntime ${runtimeVersion} knows versions up to ${newest}.`,
        hint: `Export the model for opset ${newest} or lower.`,
      })
    } else if (version < 1) findings.error('invalid-opset', { message: `The model imports ${name} at version ${version}; versions start at 1.` })
  }
  for (const { name, domain, opsetImports: own, body } of functions) {
    if (own.length === 0 && body.nodes.length > 0) {
      findings.error('no-opset-imports', { message: `Function ${domain}.${name} does not say which operator sets its body uses.`, hint: 'Export the model again with a current exporter.' })
    }
  }
}

/** onnxruntime needs the type of every input a caller feeds. */
function checkInputTypes(document: ModelDocument, findings: Findings): void {
  const { graph } = document.model
  const { initializers } = document.index(graph)
  for (const { name, type } of graph.inputs) {
    const untyped = type === null || (type.kind === 'tensor' && type.dataType === DATA_TYPES.undefined.code)
    if (untyped && !initializers.has(name)) {
      findings.error('input-without-type', { message: `Input '${name}' has no element type.`, hint: 'Export the model again; every input needs a type.', valueName: name })
    }
  }
}

const typesSince: Readonly<Partial<Record<DataTypeName, number>>> = {
  bfloat16: 4,
  float8e4m3fn: 9,
  float8e4m3fnuz: 9,
  float8e5m2: 9,
  float8e5m2fnuz: 9,
  uint4: 10,
  int4: 10,
  float4e2m1: 11,
  float8e8m0: 12,
  uint2: 13,
  int2: 13,
}
const typeSinceByCode = new Map((Object.keys(typesSince) as DataTypeName[]).map((name) => [DATA_TYPES[name].code as number, { name, since: typesSince[name] ?? 0 }]))

/**
 * Features by the format version that brought them (the version history in onnx.proto). onnxruntime takes them in older files too,
 * other tools need not.
 */
function checkFeatures(document: ModelDocument, findings: Findings): void {
  const { model } = document
  if (model.irVersion === 0) return
  const used = new Map<string, number>()
  if (model.opsetImports.length > 0) used.set('operator set imports', 3)
  for (const graph of document.graphs()) collectFeatures(document, graph, used)
  if (model.functions.length > 0) used.set('functions', 8)
  if (model.functions.some(({ attributeDefaults }) => attributeDefaults.length > 0)) used.set('default values of function attributes', 9)
  if (model.functions.some(({ overload }) => overload !== '')) used.set('function overloads', 10)
  if (model.trainingInfo.length > 0) used.set('training information', 7)
  for (const [feature, since] of used) {
    if (since > model.irVersion) {
      findings.warning('ir-version-too-low', {
        message: `The model uses ${feature}, which came with ONNX format version ${since}, but says it has version ${model.irVersion}.`,
        hint: 'onnxruntime reads it; other tools may refuse it.',
      })
    }
  }
}

function collectFeatures(document: ModelDocument, graph: Graph, used: Map<string, number>): void {
  const useType = (code: number) => {
    const known = typeSinceByCode.get(code)
    if (known) used.set(`the type ${known.name}`, known.since)
  }
  if (graph.sparseInitializers.length > 0) used.set('sparse initializers', 6)
  if (graph.quantizationAnnotations.length > 0) used.set('quantization annotations', 5)
  if (graph.metadata.length > 0) used.set('metadata of graphs and nodes', 10)
  for (const { dataType } of graph.initializers) useType(dataType)
  for (const { type } of [...graph.inputs, ...graph.outputs, ...graph.valueInfo]) collectTypes(type, used, useType)
  for (const { metadata } of graph.nodes) if (metadata && metadata.length > 0) used.set('metadata of graphs and nodes', 10)
  if (graph !== document.model.graph) return
  const inputs = new Set(graph.inputs.map(({ name }) => name))
  if (graph.initializers.some(({ name }) => !inputs.has(name))) used.set('initializers that are not inputs as well', 4)
}

function collectTypes(type: ValueType | null, used: Map<string, number>, useType: (code: number) => void): void {
  switch (type?.kind) {
    case undefined:
    case 'opaque':
      return
    case 'tensor':
      return useType(type.dataType)
    case 'sparse-tensor':
      used.set('sparse tensor types', 8)
      return useType(type.dataType)
    case 'optional':
      used.set('optional types', 8)
      return collectTypes(type.element, used, useType)
    case 'sequence':
      return collectTypes(type.element, used, useType)
    case 'map':
      return collectTypes(type.value, used, useType)
  }
}
