/** Nodes against the schemas of their operators. */
import type { ModelDocument } from '../document'
import type { Attribute, FunctionDefinition, Graph, Node } from '../records'
import { newestOpset, opSchema, opVersions, type OpSchema, parameterAt, type ParameterSchema } from '../schema/op-schema'
import { enclosingFunction, type OpsetVersions, opsetVersions, versionInForce } from '../schema/opset-versions'
import { type Findings, nodeLabel, sentenceStart } from './findings'
import { findCycle } from './find-cycle'

interface UnknownOp {
  readonly node: Node
  count: number
}

export function checkNodes(document: ModelDocument, findings: Findings): void {
  const functions = new Map(document.model.functions.map((definition) => [functionKey(definition), definition]))
  const unknownOps = new Map<string, UnknownOp>()
  const missingImports = new Map<string, Node>()
  for (const graph of document.graphs()) {
    const opsets = opsetVersions(document, graph)
    for (const node of graph.nodes) {
      noteMissingImport(node, opsets, missingImports)
      const definition = functions.size === 0 ? undefined : functions.get(functionKey({ domain: node.domain, name: node.opType, overload: node.overload ?? '' }))
      if (definition) checkCall(node, definition, findings)
      else checkOperator(node, opsets, { findings, unknownOps })
    }
  }
  reportMissingImports(document, missingImports, findings)
  reportUnknownOps(unknownOps, findings)
  checkRecursion(document, findings)
}

function checkCall(node: Node, { body }: FunctionDefinition, findings: Findings): void {
  if (node.inputs.length > body.inputs.length) {
    findings.error('too-many-inputs', { message: `${sentenceStart(nodeLabel(node))} has ${node.inputs.length} inputs; the model's function of that name takes ${body.inputs.length}.`, node })
  }
  if (node.outputs.length > body.outputs.length) {
    findings.error('too-many-outputs', { message: `${sentenceStart(nodeLabel(node))} has ${node.outputs.length} outputs; the model's function of that name gives ${body.outputs.length}.`, node })
  }
}

function checkOperator(node: Node, opsets: OpsetVersions, { findings, unknownOps }: { findings: Findings; unknownOps: Map<string, UnknownOp> }): void {
  const version = versionInForce(opsets, node.domain)
  const schema = version === null ? null : opSchema(node.domain, node.opType, version)
  if (!schema || version === null) {
    reportWithoutSchema(node, version, { findings, unknownOps })
    return
  }
  if (schema.deprecated) reportDeprecated(node, schema, version, findings)
  checkArity(node, schema, findings)
  checkAttributes(node, schema, findings)
  checkBranches(node, schema, findings)
}

function reportWithoutSchema(node: Node, version: number | null, { findings, unknownOps }: { findings: Findings; unknownOps: Map<string, UnknownOp> }): void {
  const [since] = opVersions(node.domain, node.opType)
  if (since === undefined) {
    const known = unknownOps.get(opName(node))
    if (known) known.count++
    else unknownOps.set(opName(node), { node, count: 1 })
    return
  }
  // Without imports nobody can say which schema holds; `checkVersions` has said so.
  if (version === null) return
  findings.error('op-not-in-opset', {
    message: `${sentenceStart(nodeLabel(node))} needs ${node.domain || 'ai.onnx'} opset ${since}, but the model uses version ${version}.`,
    hint: `Raise the opset to ${since} or later.`,
    node,
  })
}

/** onnxruntime refuses deprecated operators, but for those that ONNX later took up again in another form. */
function reportDeprecated(node: Node, schema: OpSchema, version: number, findings: Findings): void {
  const later = opVersions(schema.domain, schema.opType).find((since) => since > version)
  const finding = { message: `${sentenceStart(nodeLabel(node))}: ${schema.opType} is deprecated in ${schema.domain || 'ai.onnx'} opset ${version}.`, node }
  if (later === undefined) findings.error('deprecated-op', { ...finding, hint: replacements[schema.opType] ?? 'Export the model for an older opset, or replace the operator.' })
  else findings.warning('deprecated-op', { ...finding, hint: `It has another form from opset ${later} on; onnxruntime still runs this one.` })
}

const replacements: Readonly<Record<string, string>> = {
  Upsample: 'Use Resize instead.',
  Scatter: 'Use ScatterElements instead.',
  TreeEnsembleClassifier: 'Use TreeEnsemble instead, or ai.onnx.ml version 4 or lower.',
  TreeEnsembleRegressor: 'Use TreeEnsemble instead, or ai.onnx.ml version 4 or lower.',
}

function checkArity(node: Node, schema: OpSchema, findings: Findings): void {
  const sides = [
    { side: 'input', names: node.inputs, parameters: schema.inputs, min: schema.minInputs, max: schema.maxInputs },
    { side: 'output', names: node.outputs, parameters: schema.outputs, min: schema.minOutputs, max: schema.maxOutputs },
  ] as const
  for (const { side, names, parameters, min, max } of sides) {
    if (names.length > max) {
      const label = sentenceStart(nodeLabel(node))
      const message = side === 'input' ? `${label} has ${names.length} inputs; ${schema.opType} takes at most ${max}.` : `${label} has ${names.length} outputs; ${schema.opType} gives at most ${max}.`
      findings.error(`too-many-${side}s`, { message, node })
    }
    const missing = missingParameters(names, parameters, min)
    if (missing.length > 0) {
      const label = sentenceStart(nodeLabel(node))
      const message = side === 'input' ? `${label} lacks its input ${missing.join(', ')}.` : `${label} lacks its output ${missing.join(', ')}.`
      findings.error(`missing-${side}`, { message, hint: `${schema.opType} cannot do without.`, node })
    }
  }
}

/** Names of required parameters that a node leaves out or empty. */
function missingParameters(names: readonly string[], parameters: readonly ParameterSchema[], min: number): string[] {
  const missing: string[] = []
  for (let at = 0; at < Math.max(min, names.length); at++) {
    const parameter = parameterAt(parameters, at)
    const isAbsent = at >= names.length
    const isEmpty = names[at] === '' && parameter?.option === 'single'
    if (isAbsent || isEmpty) missing.push(parameter?.name ?? `${at}`)
  }
  return missing
}

function checkAttributes(node: Node, schema: OpSchema, findings: Findings): void {
  const given = new Set<string>()
  for (const attribute of node.attributes) {
    if (given.has(attribute.name)) findings.warning('duplicate-attribute', { message: `${sentenceStart(nodeLabel(node))} has the attribute '${attribute.name}' twice.`, node })
    given.add(attribute.name)
    checkAttribute(node, attribute, { schema, findings })
  }
  for (const { name, required } of schema.attributes.values()) {
    if (required && !given.has(name)) findings.error('missing-attribute', { message: `${sentenceStart(nodeLabel(node))} lacks the attribute '${name}', which ${schema.opType} requires.`, node })
  }
}

function checkAttribute(node: Node, attribute: Attribute, { schema, findings }: { schema: OpSchema; findings: Findings }): void {
  const known = schema.attributes.get(attribute.name)
  if (!known) {
    // Two underscores mark attributes that tools keep for themselves.
    if (attribute.name.startsWith('__')) return
    findings.error('unknown-attribute', {
      message: `${sentenceStart(nodeLabel(node))} has an attribute '${attribute.name}' that ${schema.opType} does not know in opset version ${schema.sinceVersion}.`,
      hint: schema.attributes.size > 0 ? `Known are: ${[...schema.attributes.keys()].join(', ')}.` : 'Remove it.',
      node,
    })
  } else if (attribute.type !== known.type && attribute.type !== 'undefined') {
    findings.error('attribute-type', {
      message: `The attribute '${attribute.name}' of ${nodeLabel(node)} is of type ${attribute.type}; it has to be ${known.type}.`,
      node,
    })
  }
}

/** What If and Loop give out is what their graphs give out. */
function checkBranches(node: Node, schema: OpSchema, findings: Findings): void {
  if (schema.domain !== '' || (schema.opType !== 'If' && schema.opType !== 'Loop')) return
  const isLoop = schema.opType === 'Loop'
  for (const attribute of node.attributes) {
    if (attribute.type !== 'graph') continue
    const { inputs, outputs } = attribute.value
    // A loop's body also gives its condition, and takes the iteration number beside that.
    const wantedOutputs = node.outputs.length + (isLoop ? 1 : 0)
    const wantedInputs = isLoop ? Math.max(node.inputs.length, 2) : 0
    if (outputs.length !== wantedOutputs) {
      findings.error('subgraph-outputs', { message: `The ${attribute.name} of ${nodeLabel(node)} gives ${outputs.length} values; it should give ${wantedOutputs}.`, node })
    }
    if (inputs.length !== wantedInputs) {
      findings.error('subgraph-inputs', { message: `The ${attribute.name} of ${nodeLabel(node)} takes ${inputs.length} inputs; it should take ${wantedInputs}.`, node })
    }
  }
}

function noteMissingImport(node: Node, opsets: OpsetVersions, missing: Map<string, Node>): void {
  const domain = node.domain === 'ai.onnx' ? '' : node.domain
  if (opsets.size > 0 && !opsets.has(domain) && !missing.has(domain)) missing.set(domain, node)
}

/** onnxruntime takes its own newest version for the domains it knows; others it refuses. */
function reportMissingImports(document: ModelDocument, missing: ReadonlyMap<string, Node>, findings: Findings): void {
  for (const [domain, node] of missing) {
    const graph = document.graphs().find(({ nodes }) => nodes.includes(node))
    const holder = graph ? enclosingFunction(document, graph) : null
    const finding = {
      message: `${holder ? `Function ${holder.name}` : 'The model'} uses operators of ${domain || 'ai.onnx'} (${nodeLabel(node)}) but does not import that operator set.`,
      hint: 'Add it to the opset imports.',
      node,
    }
    if (newestOpset(domain) === null || holder) findings.error('missing-opset-import', finding)
    else findings.warning('missing-opset-import', { ...finding, hint: 'onnxruntime takes the newest version it knows; other tools refuse the model. Add it to the opset imports.' })
  }
}

function reportUnknownOps(unknown: ReadonlyMap<string, UnknownOp>, findings: Findings): void {
  for (const [name, { node, count }] of unknown) {
    const isOurs = newestOpset(node.domain) !== null
    findings.warning('unknown-op', {
      message: `${name}${count > 1 ? ` (${count} nodes)` : ''} is a custom operator: ${isOurs ? `${node.domain || 'ai.onnx'} has none of that name` : `nothing is known of the domain ${node.domain}`}.`,
      hint: 'It is kept and saved unchanged, but a model with it cannot run here: it needs a library that brings the operator.',
      node,
    })
  }
}

/** Functions may call one another, but not themselves, by whatever way. */
function checkRecursion({ model }: ModelDocument, findings: Findings): void {
  if (model.functions.length === 0) return
  const calls = new Map(model.functions.map((definition) => [functionKey(definition), callees(definition.body)]))
  // Each function as a node that makes its own name and reads the names it calls.
  const nodes = model.functions.map((definition, at): Node => ({
    id: -1 - at,
    name: '',
    opType: definition.name,
    domain: definition.domain,
    inputs: [],
    outputs: [functionKey(definition)],
    attributes: [],
  }))
  const cycle = findCycle(nodes, ({ outputs }) => calls.get(outputs[0] ?? '') ?? [])
  if (cycle) {
    findings.error('recursive-function', {
      message: `Functions of the model call themselves: ${cycle.map(opName).join(', ')}.`,
      hint: 'ONNX functions must not be recursive.',
    })
  }
}

function callees({ nodes }: Graph): string[] {
  return nodes.flatMap((node) => [
    functionKey({ domain: node.domain, name: node.opType, overload: node.overload ?? '' }),
    ...node.attributes.flatMap((attribute) => (attribute.type === 'graph' ? callees(attribute.value) : attribute.type === 'graphs' ? attribute.value.flatMap(callees) : [])),
  ])
}

function functionKey({ domain, name, overload }: Pick<FunctionDefinition, 'domain' | 'name' | 'overload'>): string {
  return `${domain === 'ai.onnx' ? '' : domain}:${name}:${overload}`
}

function opName({ domain, opType }: Node): string {
  return domain === '' ? opType : `${domain}.${opType}`
}
