/**
 * Records as an ONNX model file. What nobody replaced is copied from where it was read; the rest is written in canonical
 * order: fields by number, repeated numbers unpacked where onnx.proto has them so, unknown fields last.
 */
import { readSpan } from '../byte-source'
import type { FunctionDefinition, Graph, Model, Node, OpsetImport, QuantizationAnnotation, UnknownFields } from '../records'
import { encodeAttribute, isAttributeIntact } from './encode-attribute'
import { encodeSparseTensor, encodeTensor } from './encode-tensor'
import { copyOr, encodeStringEntry, encodeValueInfo } from './encode-value'
import { FUNCTION, GRAPH, MODEL, NODE, OPSET_IMPORT, QUANTIZATION_ANNOTATION } from './fields'
import { isSpan, type Piece, PieceWriter } from './piece-writer'
import { hasFieldsAsRead, recallSpan } from './wire-spans'

export interface EncodedModel {
  /** The file in order. */
  readonly pieces: readonly Piece[]
  readonly sizeBytes: number
}

/** Writes a ModelProto. A model that nobody changed since it was decoded is one piece: the whole source. */
export function encodeModel(model: Model): EncodedModel {
  const writer = new PieceWriter()
  const read = recallSpan(model)
  if (read && hasFieldsAsRead(model) && isGraphIntact(model.graph) && model.functions.every(isFunctionIntact)) {
    writer.raw({ source: read.source, offset: 0, length: read.end })
  } else encodeModelFields(writer, model)
  return writer.finish()
}

/** The whole encoded file in memory, for models known to be small and for tests. */
export function joinPieces(encoded: EncodedModel): Uint8Array {
  const bytes = new Uint8Array(encoded.sizeBytes)
  let at = 0
  for (const piece of encoded.pieces) {
    bytes.set(isSpan(piece) ? readSpan(piece) : piece, at)
    at += piece.length
  }
  return bytes
}

function encodeModelFields(writer: PieceWriter, model: Model): void {
  if (model.irVersion !== 0) writer.int64(MODEL.irVersion, model.irVersion)
  writer.nonEmptyString(MODEL.producerName, model.producerName)
  writer.nonEmptyString(MODEL.producerVersion, model.producerVersion)
  writer.nonEmptyString(MODEL.domain, model.domain)
  if (model.modelVersion !== 0n) writer.int64(MODEL.modelVersion, model.modelVersion)
  writer.nonEmptyString(MODEL.docString, model.docString)
  encodeGraph(writer, MODEL.graph, model.graph)
  for (const opset of model.opsetImports) encodeOpsetImport(writer, MODEL.opsetImport, opset)
  for (const entry of model.metadata) encodeStringEntry(writer, MODEL.metadata, entry)
  encodeUnknown(writer, model.trainingInfo)
  for (const definition of model.functions) encodeFunction(writer, definition)
  encodeUnknown(writer, model.unknown)
}

/** Also called for the subgraphs that attributes hold. */
export function encodeGraph(writer: PieceWriter, field: number, graph: Graph): void {
  if (isGraphIntact(graph)) copyOr(writer, field, graph, (inner) => encodeGraphFields(inner, graph))
  else writer.message(field, (inner) => encodeGraphFields(inner, graph))
}

function encodeGraphFields(writer: PieceWriter, graph: Graph): void {
  for (const node of graph.nodes) encodeNode(writer, GRAPH.node, node)
  writer.nonEmptyString(GRAPH.name, graph.name)
  for (const tensor of graph.initializers) encodeTensor(writer, GRAPH.initializer, tensor)
  writer.nonEmptyString(GRAPH.docString, graph.docString)
  for (const value of graph.inputs) encodeValueInfo(writer, GRAPH.input, value)
  for (const value of graph.outputs) encodeValueInfo(writer, GRAPH.output, value)
  for (const value of graph.valueInfo) encodeValueInfo(writer, GRAPH.valueInfo, value)
  for (const annotation of graph.quantizationAnnotations) encodeQuantizationAnnotation(writer, annotation)
  for (const tensor of graph.sparseInitializers) encodeSparseTensor(writer, GRAPH.sparseInitializer, tensor)
  for (const entry of graph.metadata) encodeStringEntry(writer, GRAPH.metadata, entry)
  encodeUnknown(writer, graph.unknown)
}

function encodeNode(writer: PieceWriter, field: number, node: Node): void {
  if (isNodeIntact(node)) copyOr(writer, field, node, (inner) => encodeNodeFields(inner, node))
  else writer.message(field, (inner) => encodeNodeFields(inner, node))
}

function encodeNodeFields(writer: PieceWriter, node: Node): void {
  for (const name of node.inputs) writer.string(NODE.input, name)
  for (const name of node.outputs) writer.string(NODE.output, name)
  writer.nonEmptyString(NODE.name, node.name)
  writer.nonEmptyString(NODE.opType, node.opType)
  for (const attribute of node.attributes) encodeAttribute(writer, NODE.attribute, attribute)
  writer.optionalString(NODE.docString, node.docString)
  writer.nonEmptyString(NODE.domain, node.domain)
  writer.optionalString(NODE.overload, node.overload)
  for (const entry of node.metadata ?? []) encodeStringEntry(writer, NODE.metadata, entry)
  encodeUnknown(writer, node.unknown)
}

function encodeFunction(writer: PieceWriter, definition: FunctionDefinition): void {
  if (isFunctionIntact(definition)) copyOr(writer, MODEL.functions, definition, (inner) => encodeFunctionFields(inner, definition))
  else writer.message(MODEL.functions, (inner) => encodeFunctionFields(inner, definition))
}

function encodeFunctionFields(writer: PieceWriter, definition: FunctionDefinition): void {
  writer.nonEmptyString(FUNCTION.name, definition.name)
  for (const { name } of definition.body.inputs) writer.string(FUNCTION.input, name)
  for (const { name } of definition.body.outputs) writer.string(FUNCTION.output, name)
  for (const name of definition.attributeNames) writer.string(FUNCTION.attribute, name)
  for (const node of definition.body.nodes) encodeNode(writer, FUNCTION.node, node)
  writer.nonEmptyString(FUNCTION.docString, definition.docString)
  for (const opset of definition.opsetImports) encodeOpsetImport(writer, FUNCTION.opsetImport, opset)
  writer.nonEmptyString(FUNCTION.domain, definition.domain)
  for (const attribute of definition.attributeDefaults) encodeAttribute(writer, FUNCTION.attributeDefault, attribute)
  for (const value of definition.body.valueInfo) encodeValueInfo(writer, FUNCTION.valueInfo, value)
  writer.nonEmptyString(FUNCTION.overload, definition.overload)
  for (const entry of definition.metadata) encodeStringEntry(writer, FUNCTION.metadata, entry)
  encodeUnknown(writer, definition.unknown)
}

function encodeOpsetImport(writer: PieceWriter, field: number, opset: OpsetImport): void {
  copyOr(writer, field, opset, (inner) => {
    // ONNX's own writers state the domain even where it is empty.
    inner.string(OPSET_IMPORT.domain, opset.domain)
    inner.int64(OPSET_IMPORT.version, opset.version)
    encodeUnknown(inner, opset.unknown)
  })
}

function encodeQuantizationAnnotation(writer: PieceWriter, annotation: QuantizationAnnotation): void {
  copyOr(writer, GRAPH.quantizationAnnotation, annotation, (inner) => {
    inner.nonEmptyString(QUANTIZATION_ANNOTATION.tensorName, annotation.tensorName)
    for (const entry of annotation.parameters) encodeStringEntry(inner, QUANTIZATION_ANNOTATION.parameters, entry)
    encodeUnknown(inner, annotation.unknown)
  })
}

function encodeUnknown(writer: PieceWriter, unknown: UnknownFields | undefined): void {
  for (const field of unknown ?? []) writer.raw(field)
}

/** A subgraph can change without the node that holds it being replaced, so nodes are judged by what is in them. */
export function isGraphIntact(graph: Graph): boolean {
  return hasFieldsAsRead(graph) && graph.nodes.every(isNodeIntact)
}

function isNodeIntact(node: Node): boolean {
  return node.attributes.every(isAttributeIntact)
}

function isFunctionIntact(definition: FunctionDefinition): boolean {
  return isGraphIntact(definition.body) && definition.attributeDefaults.every(isAttributeIntact)
}
