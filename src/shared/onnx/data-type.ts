/** Element types of ONNX tensors, with the codes of `TensorProto.DataType` (onnx.proto3, opset 25). */

interface DataTypeInfo {
  readonly code: number
  /** Width of one element; sub-byte elements are packed low bits first. 0 for strings and `undefined`. */
  readonly bits: number
  /** The typed field of TensorProto that may hold the values when `raw_data` does not. */
  readonly field: 'float_data' | 'int32_data' | 'int64_data' | 'uint64_data' | 'double_data' | 'string_data' | null
}

export const DATA_TYPES = {
  undefined: { code: 0, bits: 0, field: null },
  float32: { code: 1, bits: 32, field: 'float_data' },
  uint8: { code: 2, bits: 8, field: 'int32_data' },
  int8: { code: 3, bits: 8, field: 'int32_data' },
  uint16: { code: 4, bits: 16, field: 'int32_data' },
  int16: { code: 5, bits: 16, field: 'int32_data' },
  int32: { code: 6, bits: 32, field: 'int32_data' },
  int64: { code: 7, bits: 64, field: 'int64_data' },
  string: { code: 8, bits: 0, field: 'string_data' },
  bool: { code: 9, bits: 8, field: 'int32_data' },
  float16: { code: 10, bits: 16, field: 'int32_data' },
  float64: { code: 11, bits: 64, field: 'double_data' },
  uint32: { code: 12, bits: 32, field: 'uint64_data' },
  uint64: { code: 13, bits: 64, field: 'uint64_data' },
  complex64: { code: 14, bits: 64, field: 'float_data' },
  complex128: { code: 15, bits: 128, field: 'double_data' },
  bfloat16: { code: 16, bits: 16, field: 'int32_data' },
  float8e4m3fn: { code: 17, bits: 8, field: 'int32_data' },
  float8e4m3fnuz: { code: 18, bits: 8, field: 'int32_data' },
  float8e5m2: { code: 19, bits: 8, field: 'int32_data' },
  float8e5m2fnuz: { code: 20, bits: 8, field: 'int32_data' },
  uint4: { code: 21, bits: 4, field: 'int32_data' },
  int4: { code: 22, bits: 4, field: 'int32_data' },
  float4e2m1: { code: 23, bits: 4, field: 'int32_data' },
  float8e8m0: { code: 24, bits: 8, field: 'int32_data' },
  uint2: { code: 25, bits: 2, field: 'int32_data' },
  int2: { code: 26, bits: 2, field: 'int32_data' },
} as const satisfies Record<string, DataTypeInfo>

export type DataTypeName = keyof typeof DATA_TYPES

const byCode = new Map<number, DataTypeName>(
  (Object.keys(DATA_TYPES) as DataTypeName[]).map((name) => [DATA_TYPES[name].code, name]),
)

/** The name of a type code, or null for one we do not know (it still round-trips). */
export function dataTypeName(code: number): DataTypeName | null {
  return byCode.get(code) ?? null
}

/** The name for people: unknown codes are shown as `type#99`. */
export function dataTypeLabel(code: number): string {
  return byCode.get(code) ?? `type#${code}`
}

/** Bytes that `count` elements take when stored raw; sub-byte types round up. Null for strings and unknown types. */
export function rawByteLength(code: number, count: number): number | null {
  const name = byCode.get(code)
  if (name === undefined || DATA_TYPES[name].bits === 0) return null
  return Math.ceil((count * DATA_TYPES[name].bits) / 8)
}
