/** Tensors as the desktop and the native runner write them: see tensor-file.ts and runner.c. Types by ONNX's codes. */
const TYPES = { 1: 'float32', 2: 'uint8', 3: 'int8', 4: 'uint16', 5: 'int16', 6: 'int32', 7: 'int64', 9: 'bool', 10: 'float16', 11: 'float64', 12: 'uint32', 13: 'uint64', 21: 'uint4', 22: 'int4' }
const ARRAYS = {
  float32: Float32Array, uint8: Uint8Array, int8: Int8Array, uint16: Uint16Array, int16: Int16Array, int32: Int32Array, int64: BigInt64Array,
  bool: Uint8Array, float64: Float64Array, uint32: Uint32Array, uint64: BigUint64Array, uint4: Uint8Array, int4: Int8Array,
}
const MAGIC = 'EFT1'

/** onnxruntime-web takes float16 as numbers where the browser has them, else as their bits. */
function arrayOf(type) {
  return type === 'float16' ? (globalThis.Float16Array ?? Uint16Array) : ARRAYS[type]
}

/** @returns {Record<string, unknown>} onnxruntime-web's tensors by name. */
export function readTensors(ort, file) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  let at = MAGIC.length
  const u32 = () => view.getUint32((at += 4) - 4, true)
  const i64 = () => Number(view.getBigInt64((at += 8) - 8, true))
  const tensors = {}
  for (let left = u32(); left > 0; left--) {
    const name = new TextDecoder().decode(file.subarray((at += 4), (at += view.getUint32(at - 4, true))))
    const type = TYPES[u32()]
    if (type === undefined) throw new Error(`Input '${name}' is of a type that onnxruntime-web does not take.`)
    const dims = Array.from({ length: u32() }, i64)
    const length = i64()
    // A copy: elements must be aligned for their type.
    const bytes = file.slice(at, (at += length))
    tensors[name] = new ort.Tensor(type, new (arrayOf(type))(bytes.buffer), dims)
  }
  return tensors
}

export async function writeTensors(tensors) {
  const codes = Object.fromEntries(Object.entries(TYPES).map(([code, type]) => [type, Number(code)]))
  const pieces = []
  let count = 0
  for (const [name, tensor] of Object.entries(tensors)) {
    if (codes[tensor.type] === undefined) continue
    const data = await tensor.getData()
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    const nameBytes = new TextEncoder().encode(name)
    const head = new DataView(new ArrayBuffer(4 + 8 + 8 * tensor.dims.length + 8))
    head.setUint32(0, nameBytes.length, true)
    const rest = new DataView(head.buffer, 4)
    rest.setInt32(0, codes[tensor.type], true)
    rest.setUint32(4, tensor.dims.length, true)
    tensor.dims.forEach((dim, axis) => rest.setBigInt64(8 + 8 * axis, BigInt(dim), true))
    rest.setBigUint64(8 + 8 * tensor.dims.length, BigInt(bytes.length), true)
    pieces.push(head.buffer.slice(0, 4), nameBytes, head.buffer.slice(4), bytes.slice())
    count++
  }
  const start = new DataView(new ArrayBuffer(4))
  start.setUint32(0, count, true)
  return new Blob([MAGIC, start.buffer, ...pieces])
}
