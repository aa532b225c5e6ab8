/**
 * The ONNX model as records, in the words of onnx.proto. Records are immutable: to change one is to replace it,
 * which only `document.ts` does. `Graph` and `Model` are containers with identity whose fields the document replaces.
 *
 * Fields we do not know are kept as raw bytes in `unknown` and written back; a record that nobody replaced is written
 * as the very bytes it was read from (see `codec/wire-spans.ts`).
 */
import type { Span } from './byte-source'

/** Raw wire bytes (tag and payload) of fields we do not know, in file order; long ones stay in the file. */
export type UnknownFields = readonly (Uint8Array | Span)[]

/** Fixed size, symbol, or unknown. */
export type Dim = number | string | null

export type ValueType =
  | {
      readonly kind: 'tensor' | 'sparse-tensor'
      readonly dataType: number
      /** Absent: rank unknown. */
      readonly shape?: readonly Dim[]
    }
  | { readonly kind: 'sequence' | 'optional'; readonly element: ValueType | null }
  | { readonly kind: 'map'; readonly keyType: number; readonly value: ValueType | null }
  | { readonly kind: 'opaque'; readonly domain: string; readonly name: string }

export interface StringEntry {
  readonly key: string
  readonly value: string
}

export interface ValueInfo {
  readonly name: string
  /** Null where the file gives no type. */
  readonly type: ValueType | null
  readonly docString?: string
  readonly metadata?: readonly StringEntry[]
  readonly unknown?: UnknownFields
}

/** Where a tensor's values are. Nothing here holds decoded numbers; `tensor-data.ts` reads them. */
export type TensorData =
  /** Little-endian raw values, packed for sub-byte types. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** The same, still in the file. */
  | { readonly kind: 'raw'; readonly span: Span }
  /**
   * A typed field of TensorProto (`float_data`, `int32_data`, …), still encoded. A packed chunk is the payload of one
   * occurrence; an unpacked one is a run of occurrences, tags included.
   */
  | { readonly kind: 'field'; readonly field: string; readonly chunks: readonly { readonly span: Span; readonly packed: boolean }[] }
  | { readonly kind: 'strings'; readonly values: readonly Uint8Array[] }
  /** In a file beside the model. `resolved` is set when the file was found inside the model's folder. */
  | { readonly kind: 'external'; readonly entries: readonly StringEntry[]; readonly resolved: Span | null }

export interface Tensor {
  readonly name: string
  /** TensorProto.DataType code; codes we do not know round-trip. */
  readonly dataType: number
  readonly dims: readonly number[]
  readonly data: TensorData
  readonly docString?: string
  readonly metadata?: readonly StringEntry[]
  readonly unknown?: UnknownFields
}

export interface SparseTensor {
  readonly values: Tensor
  readonly indices: Tensor
  readonly dims: readonly number[]
  readonly unknown?: UnknownFields
}

interface AttributeBase {
  readonly name: string
  readonly docString?: string
  /** Name of the enclosing function's attribute whose value this one takes. */
  readonly refAttrName?: string
  readonly unknown?: UnknownFields
}

export type AttributeValue =
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'int'; readonly value: bigint }
  /** ONNX strings are bytes; they need not be UTF-8. */
  | { readonly type: 'string'; readonly value: Uint8Array }
  | { readonly type: 'tensor'; readonly value: Tensor }
  | { readonly type: 'graph'; readonly value: Graph }
  | { readonly type: 'sparse-tensor'; readonly value: SparseTensor }
  | { readonly type: 'type'; readonly value: ValueType | null }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'ints'; readonly value: readonly bigint[] }
  | { readonly type: 'strings'; readonly value: readonly Uint8Array[] }
  | { readonly type: 'tensors'; readonly value: readonly Tensor[] }
  | { readonly type: 'graphs'; readonly value: readonly Graph[] }
  | { readonly type: 'sparse-tensors'; readonly value: readonly SparseTensor[] }
  | { readonly type: 'types'; readonly value: readonly (ValueType | null)[] }
  | { readonly type: 'undefined'; readonly value: null }

export type Attribute = AttributeBase & AttributeValue

export interface Node {
  /** Unique in its document and stable under edits; not part of the file. */
  readonly id: number
  readonly name: string
  readonly opType: string
  readonly domain: string
  readonly overload?: string
  /** Empty names are optional inputs left out. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: readonly Attribute[]
  readonly docString?: string
  readonly metadata?: readonly StringEntry[]
  readonly unknown?: UnknownFields
}

export interface QuantizationAnnotation {
  readonly tensorName: string
  readonly parameters: readonly StringEntry[]
  readonly unknown?: UnknownFields
}

/** A main graph, a subgraph held by an attribute, or a function's body. */
export interface Graph {
  /** Unique in its document; not part of the file. */
  readonly id: number
  readonly name: string
  readonly docString: string
  readonly nodes: readonly Node[]
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
  readonly valueInfo: readonly ValueInfo[]
  readonly initializers: readonly Tensor[]
  readonly sparseInitializers: readonly SparseTensor[]
  readonly quantizationAnnotations: readonly QuantizationAnnotation[]
  readonly metadata: readonly StringEntry[]
  readonly unknown: UnknownFields
}

export interface OpsetImport {
  readonly domain: string
  readonly version: number
  readonly unknown?: UnknownFields
}

/** A model-local function. The types of its body's inputs and outputs are null: FunctionProto has names only. */
export interface FunctionDefinition {
  readonly name: string
  readonly domain: string
  readonly overload: string
  readonly docString: string
  /** Names of attributes without a default. */
  readonly attributeNames: readonly string[]
  /** Attributes with a default. */
  readonly attributeDefaults: readonly Attribute[]
  readonly opsetImports: readonly OpsetImport[]
  readonly metadata: readonly StringEntry[]
  readonly body: Graph
  readonly unknown: UnknownFields
}

export interface Model {
  /** 0 where the file does not say. */
  readonly irVersion: number
  readonly producerName: string
  readonly producerVersion: string
  readonly domain: string
  readonly modelVersion: bigint
  readonly docString: string
  readonly opsetImports: readonly OpsetImport[]
  readonly metadata: readonly StringEntry[]
  readonly graph: Graph
  readonly functions: readonly FunctionDefinition[]
  /** TrainingInfoProto messages, not interpreted. */
  readonly trainingInfo: UnknownFields
  readonly unknown: UnknownFields
}
