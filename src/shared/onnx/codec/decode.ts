/** ONNX model files as records. Only structure is read; tensor data stays in the source until somebody asks for it. */
import { AppError } from '../../errors'
import type { ByteSource } from '../byte-source'
import type {
  Attribute,
  FunctionDefinition,
  Graph,
  Model,
  Node,
  OpsetImport,
  QuantizationAnnotation,
  SparseTensor,
  StringEntry,
  Tensor,
  UnknownFields,
  ValueInfo,
} from '../records'
import { decodeAttribute } from './decode-attribute'
import { decodeSparseTensor, decodeTensor, type ResolveExternal } from './decode-tensor'
import {
  decodeOpsetImport,
  decodeQuantizationAnnotation,
  decodeStringEntry,
  decodeValueInfo,
  type UnknownList,
  withPresent,
} from './decode-value'
import { FieldCursor, WireWindow } from './field-cursor'
import { FUNCTION, GRAPH, MODEL, NODE } from './fields'
import { describeForeignFile } from './describe-foreign-file'
import { rememberFields, rememberSpan } from './wire-spans'

export interface DecodeOptions {
  /** Finds tensors kept in files beside the model. By default none are found. */
  readonly resolveExternal?: ResolveExternal
}

/** What decoding of one model shares: ids count up in file order, from 1. */
export interface DecodeContext {
  readonly resolveExternal: ResolveExternal
  nextNodeId: number
  nextGraphId: number
}

/**
 * Reads a ModelProto. Memory and time grow with the structure, not with the weights.
 *
 * Throws AppError `not-a-model` (the message says what the file is instead, where it can tell), `truncated` (with the
 * byte where it ends and how many are missing) or `invalid-model` (damaged: the message says where).
 */
export function decodeModel(source: ByteSource, options: DecodeOptions = {}): Model {
  const context: DecodeContext = { resolveExternal: options.resolveExternal ?? (() => null), nextNodeId: 1, nextGraphId: 1 }
  try {
    return decodeModelFields(new FieldCursor(new WireWindow(source), 'ModelProto', 0, source.sizeBytes), context)
  } catch (error) {
    if (!(error instanceof AppError) || (error.code !== 'invalid-model' && error.code !== 'truncated')) throw error
    const foreign = describeForeignFile(source)
    if (foreign === null) throw error
    throw new AppError({ code: 'not-a-model', message: `Not an ONNX model: ${foreign.what}.`, hint: foreign.hint }, { cause: error })
  }
}

function decodeModelFields(fields: FieldCursor, context: DecodeContext): Model {
  const opsetImports: OpsetImport[] = []
  const metadata: StringEntry[] = []
  const functions: FunctionDefinition[] = []
  const trainingInfo: UnknownList = []
  const unknown: UnknownList = []
  const text = { producerName: '', producerVersion: '', domain: '', docString: '' }
  let irVersion = 0
  let modelVersion = 0n
  let graph: Graph | null = null
  while (fields.next()) {
    switch (fields.field) {
      case MODEL.irVersion:
        irVersion = fields.int()
        break
      case MODEL.producerName:
        text.producerName = fields.string()
        break
      case MODEL.producerVersion:
        text.producerVersion = fields.string()
        break
      case MODEL.domain:
        text.domain = fields.string()
        break
      case MODEL.modelVersion:
        modelVersion = fields.int64()
        break
      case MODEL.docString:
        text.docString = fields.string()
        break
      case MODEL.graph:
        if (graph) throw fields.damage('a second graph')
        graph = decodeGraph(fields, context)
        break
      case MODEL.opsetImport:
        opsetImports.push(decodeOpsetImport(fields))
        break
      case MODEL.metadata:
        metadata.push(decodeStringEntry(fields))
        break
      case MODEL.trainingInfo:
        trainingInfo.push(fields.raw())
        break
      case MODEL.functions:
        functions.push(decodeFunction(fields, context))
        break
      default:
        unknown.push(fields.raw())
    }
  }
  if (!graph) {
    throw new AppError({ code: 'invalid-model', message: 'The model holds no graph.', hint: 'The file may be cut off, or be something other than a model.' })
  }
  const model: Model = { irVersion, ...text, modelVersion, opsetImports, metadata, graph, functions, trainingInfo, unknown }
  rememberSpan(model, { source: fields.source, field: 0, offset: 0, payloadOffset: 0, end: fields.messageEnd })
  return rememberFields(model)
}

/** Also called for the subgraphs that attributes hold. */
export function decodeGraph(at: FieldCursor, context: DecodeContext): Graph {
  const fields = at.child('GraphProto')
  const id = context.nextGraphId++
  const nodes: Node[] = []
  const inputs: ValueInfo[] = []
  const outputs: ValueInfo[] = []
  const valueInfo: ValueInfo[] = []
  const initializers: Tensor[] = []
  const sparseInitializers: SparseTensor[] = []
  const quantizationAnnotations: QuantizationAnnotation[] = []
  const metadata: StringEntry[] = []
  const unknown: UnknownList = []
  let name = ''
  let docString = ''
  while (fields.next()) {
    switch (fields.field) {
      case GRAPH.node:
        nodes.push(decodeNode(fields, context))
        break
      case GRAPH.name:
        name = fields.string()
        break
      case GRAPH.initializer:
        initializers.push(decodeTensor(fields, context.resolveExternal))
        break
      case GRAPH.docString:
        docString = fields.string()
        break
      case GRAPH.input:
        inputs.push(decodeValueInfo(fields))
        break
      case GRAPH.output:
        outputs.push(decodeValueInfo(fields))
        break
      case GRAPH.valueInfo:
        valueInfo.push(decodeValueInfo(fields))
        break
      case GRAPH.quantizationAnnotation:
        quantizationAnnotations.push(decodeQuantizationAnnotation(fields))
        break
      case GRAPH.sparseInitializer:
        sparseInitializers.push(decodeSparseTensor(fields, context.resolveExternal))
        break
      case GRAPH.metadata:
        metadata.push(decodeStringEntry(fields))
        break
      default:
        unknown.push(fields.raw())
    }
  }
  const graph: Graph = { id, name, docString, nodes, inputs, outputs, valueInfo, initializers, sparseInitializers, quantizationAnnotations, metadata, unknown }
  return rememberFields(rememberSpan(graph, at.here()))
}

function decodeNode(at: FieldCursor, context: DecodeContext): Node {
  const fields = at.child('NodeProto')
  const id = context.nextNodeId++
  const inputs: string[] = []
  const outputs: string[] = []
  const attributes: Attribute[] = []
  let metadata: StringEntry[] | undefined
  let unknown: UnknownList | undefined
  let name = ''
  let opType = ''
  let domain = ''
  let overload: string | undefined
  let docString: string | undefined
  while (fields.next()) {
    switch (fields.field) {
      case NODE.input:
        inputs.push(fields.string())
        break
      case NODE.output:
        outputs.push(fields.string())
        break
      case NODE.name:
        name = fields.string()
        break
      case NODE.opType:
        opType = fields.string()
        break
      case NODE.attribute:
        attributes.push(decodeAttribute(fields, context))
        break
      case NODE.docString:
        docString = fields.string()
        break
      case NODE.domain:
        domain = fields.string()
        break
      case NODE.overload:
        overload = fields.string()
        break
      case NODE.metadata:
        (metadata ??= []).push(decodeStringEntry(fields))
        break
      default:
        (unknown ??= []).push(fields.raw())
    }
  }
  // Lists grown by push keep room for more, which in a hundred thousand nodes adds up: copies have none.
  const node = { id, name, opType, domain, inputs: inputs.slice(), outputs: outputs.slice(), attributes: attributes.slice() }
  return rememberSpan(withPresent(node, { overload, docString, metadata, unknown }), at.here())
}

function decodeFunction(at: FieldCursor, context: DecodeContext): FunctionDefinition {
  const fields = at.child('FunctionProto')
  const graphId = context.nextGraphId++
  const text = { name: '', domain: '', overload: '', docString: '' }
  const attributeNames: string[] = []
  const attributeDefaults: Attribute[] = []
  const opsetImports: OpsetImport[] = []
  const metadata: StringEntry[] = []
  const nodes: Node[] = []
  const inputs: ValueInfo[] = []
  const outputs: ValueInfo[] = []
  const valueInfo: ValueInfo[] = []
  const unknown: UnknownList = []
  while (fields.next()) {
    switch (fields.field) {
      case FUNCTION.name:
        text.name = fields.string()
        break
      case FUNCTION.input:
        inputs.push({ name: fields.string(), type: null })
        break
      case FUNCTION.output:
        outputs.push({ name: fields.string(), type: null })
        break
      case FUNCTION.attribute:
        attributeNames.push(fields.string())
        break
      case FUNCTION.node:
        nodes.push(decodeNode(fields, context))
        break
      case FUNCTION.docString:
        text.docString = fields.string()
        break
      case FUNCTION.opsetImport:
        opsetImports.push(decodeOpsetImport(fields))
        break
      case FUNCTION.domain:
        text.domain = fields.string()
        break
      case FUNCTION.attributeDefault:
        attributeDefaults.push(decodeAttribute(fields, context))
        break
      case FUNCTION.valueInfo:
        valueInfo.push(decodeValueInfo(fields))
        break
      case FUNCTION.overload:
        text.overload = fields.string()
        break
      case FUNCTION.metadata:
        metadata.push(decodeStringEntry(fields))
        break
      default:
        unknown.push(fields.raw())
    }
  }
  const body: Graph = { ...emptyGraph, id: graphId, name: text.name, nodes, inputs, outputs, valueInfo }
  return rememberSpan({ ...text, attributeNames, attributeDefaults, opsetImports, metadata, body: rememberFields(body), unknown }, at.here())
}

const none: UnknownFields = []
const emptyGraph = { docString: '', initializers: [], sparseInitializers: [], quantizationAnnotations: [], metadata: [], unknown: none }
