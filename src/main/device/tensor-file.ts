/**
 * Tensors as the runner on the phone reads and writes them: "EFT1", u32 count, then for each u32 length of the name, the
 * name in UTF-8, i32 element type (ONNX's code), u32 rank, i64 dimensions, u64 length, bytes; little-endian.
 */
import { AppError } from '#shared/errors'
import { rawByteLength } from '#shared/onnx/data-type'
import type { TensorValue } from '../runtime/model-runner'

const MAGIC = 'EFT1'
/** onnxruntime's shapes have no more dimensions by far. */
const MOST_DIMS = 64

/** Sets of tensors one after the other, as the runner reads several. Throws as `encodeTensors` does. */
export function encodeSets(sets: readonly ReadonlyMap<string, TensorValue>[]): Uint8Array {
  return Buffer.concat(sets.map(encodeTensors))
}

/** Throws AppError not-supported for tensors of strings. */
export function encodeTensors(tensors: ReadonlyMap<string, TensorValue>): Uint8Array {
  const pieces: Uint8Array[] = [Buffer.from(MAGIC), uint32(tensors.size)]
  for (const [name, { dataType, dims, bytes, strings }] of tensors) {
    if (strings) throw new AppError({ code: 'not-supported', message: `Input '${name}' holds strings, which the runner on the phone does not take.` })
    const nameBytes = Buffer.from(name)
    const head = Buffer.alloc(8 + 8 * dims.length + 8)
    head.writeInt32LE(dataType, 0)
    head.writeUInt32LE(dims.length, 4)
    dims.forEach((dim, at) => head.writeBigInt64LE(BigInt(dim), 8 + 8 * at))
    head.writeBigUInt64LE(BigInt(bytes.length), 8 + 8 * dims.length)
    pieces.push(uint32(nameBytes.length), nameBytes, head, bytes)
  }
  return Buffer.concat(pieces)
}

/** The first set of a file. Throws AppError truncated. What comes from a phone is checked like any file. */
export function decodeTensors(file: Uint8Array): Map<string, TensorValue> {
  return decodeSets(file, 1)[0] ?? new Map<string, TensorValue>()
}

/** `count` sets, one after the other. Throws AppError truncated. */
export function decodeSets(file: Uint8Array, count: number): Map<string, TensorValue>[] {
  const reader = tensorReader(file)
  return Array.from({ length: count }, () => readSet(reader))
}

type Take = (bytes: number) => Buffer

function tensorReader(file: Uint8Array): Take {
  const view = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  let at = 0
  return (bytes) => {
    if (bytes > view.length - at) throw new AppError({ code: 'truncated', message: 'The outputs from the phone are cut short.', hint: 'Try again.' })
    at += bytes
    return view.subarray(at - bytes, at)
  }
}

function readSet(take: Take): Map<string, TensorValue> {
  if (take(4).toString('latin1') !== MAGIC) throw otherFormat()
  const count = take(4).readUInt32LE()
  const tensors = new Map<string, TensorValue>()
  for (let tensor = 0; tensor < count; tensor++) {
    const name = take(take(4).readUInt32LE()).toString('utf8')
    const dataType = take(4).readInt32LE()
    const rank = take(4).readUInt32LE()
    if (rank > MOST_DIMS) throw otherFormat()
    const dims = Array.from({ length: rank }, () => Number(take(8).readBigInt64LE()))
    const sizeBytes = Number(take(8).readBigUInt64LE())
    if (dims.some((dim) => dim < 0) || rawByteLength(dataType, dims.reduce((product, dim) => product * dim, 1)) !== sizeBytes) throw otherFormat()
    // A copy: elements must be aligned for their type.
    tensors.set(name, { dataType, dims, bytes: new Uint8Array(take(sizeBytes)) })
  }
  return tensors
}

function otherFormat(): AppError {
  return new AppError({ code: 'truncated', message: 'The outputs from the phone have another format.', hint: 'Try again.' })
}

function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
