/** Field numbers of onnx.proto (IR version 13), by message. Decoding and encoding share them. */

export const MODEL = {
  irVersion: 1,
  producerName: 2,
  producerVersion: 3,
  domain: 4,
  modelVersion: 5,
  docString: 6,
  graph: 7,
  opsetImport: 8,
  metadata: 14,
  trainingInfo: 20,
  functions: 25,
} as const

export const GRAPH = {
  node: 1,
  name: 2,
  initializer: 5,
  docString: 10,
  input: 11,
  output: 12,
  valueInfo: 13,
  quantizationAnnotation: 14,
  sparseInitializer: 15,
  metadata: 16,
} as const

export const NODE = { input: 1, output: 2, name: 3, opType: 4, attribute: 5, docString: 6, domain: 7, overload: 8, metadata: 9 } as const

export const ATTRIBUTE = { name: 1, docString: 13, type: 20, refAttrName: 21 } as const

/** Code (AttributeProto.AttributeType) and value field of each attribute type. */
export const ATTRIBUTE_TYPES = {
  float: { code: 1, field: 2 },
  int: { code: 2, field: 3 },
  string: { code: 3, field: 4 },
  tensor: { code: 4, field: 5 },
  graph: { code: 5, field: 6 },
  floats: { code: 6, field: 7 },
  ints: { code: 7, field: 8 },
  strings: { code: 8, field: 9 },
  tensors: { code: 9, field: 10 },
  graphs: { code: 10, field: 11 },
  'sparse-tensor': { code: 11, field: 22 },
  'sparse-tensors': { code: 12, field: 23 },
  type: { code: 13, field: 14 },
  types: { code: 14, field: 15 },
} as const

export type AttributeTypeName = keyof typeof ATTRIBUTE_TYPES

export const FUNCTION = {
  name: 1,
  input: 4,
  output: 5,
  attribute: 6,
  node: 7,
  docString: 8,
  opsetImport: 9,
  domain: 10,
  attributeDefault: 11,
  valueInfo: 12,
  overload: 13,
  metadata: 14,
} as const

export const TENSOR = {
  dims: 1,
  dataType: 2,
  stringData: 6,
  name: 8,
  rawData: 9,
  docString: 12,
  externalData: 13,
  dataLocation: 14,
  metadata: 16,
} as const

/** Typed fields of TensorProto whose values are numbers. */
export const TYPED_DATA = { float_data: 4, int32_data: 5, int64_data: 7, double_data: 10, uint64_data: 11 } as const
export type TypedDataField = keyof typeof TYPED_DATA

export const SPARSE_TENSOR = { values: 1, indices: 2, dims: 3 } as const
export const VALUE_INFO = { name: 1, type: 2, docString: 3, metadata: 4 } as const
export const TYPE = { tensor: 1, sequence: 4, map: 5, opaque: 7, sparseTensor: 8, optional: 9 } as const
export const TENSOR_TYPE = { elementType: 1, shape: 2 } as const
export const MAP_TYPE = { keyType: 1, valueType: 2 } as const
export const OPAQUE_TYPE = { domain: 1, name: 2 } as const
/** Sequence and Optional alike. */
export const ELEMENT_TYPE = 1
export const SHAPE_DIM = 1
export const DIM = { value: 1, param: 2 } as const
export const OPSET_IMPORT = { domain: 1, version: 2 } as const
export const STRING_ENTRY = { key: 1, value: 2 } as const
export const QUANTIZATION_ANNOTATION = { tensorName: 1, parameters: 2 } as const

/** TensorProto.DataLocation.EXTERNAL */
export const LOCATION_EXTERNAL = 1
