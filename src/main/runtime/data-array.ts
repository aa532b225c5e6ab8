/** Arrays in data files: what they are is known at once, their elements are read piece by piece. */
import { basename } from 'node:path'
import { AppError } from '#shared/errors'
import { type DataTypeName, dataTypeName } from '#shared/onnx/data-type'
import { type NpyHeader, npyStrings, readNpyHeader, toLittleEndian } from './npy'
import { openNpz, toNpzError } from './npz'
import { readChunks } from './read-chunks'
import { StreamReader } from './stream-reader'

/** Elements of an array: little-endian bytes aligned for their type, or strings. */
export interface Elements {
  readonly bytes: Uint8Array
  readonly strings?: readonly string[]
}

export interface Reading {
  /** A piece is good until the next is asked for: it lies in memory that is used again. */
  readonly reuseMemory?: boolean
}

export interface DataArray {
  /** Null where the file gives it none. */
  readonly name: string | null
  /** For messages: `'image' in calibration.npz`. */
  readonly label: string
  readonly dataType: DataTypeName
  readonly dims: readonly number[]
  /** The first `pieces` pieces of `count` elements each, in order. Ending the iteration early closes the file. */
  read(count: number, pieces: number, reading?: Reading): AsyncGenerator<Elements>
}

type OpenStream = () => Promise<{ stream: AsyncIterable<Uint8Array>; close: () => void }>

export async function openNpyFile(path: string): Promise<DataArray> {
  const open: OpenStream = async () => {
    return { stream: readChunks(path), close: () => undefined }
  }
  return npyArray(null, basename(path), open)
}

/** Every array of an `.npz`, in the file's order. */
export async function openNpzArrays(path: string): Promise<DataArray[]> {
  const npz = await openNpz(path)
  npz.close()
  const arrays: DataArray[] = []
  for (const { name } of npz.members) {
    const open: OpenStream = async () => {
      const own = await openNpz(path)
      const member = own.members.find((found) => found.name === name)
      if (!member) {
        own.close()
        throw new AppError({ code: 'changed-on-disk', message: `'${basename(path)}' was changed while it was read.` })
      }
      try {
        return { stream: wrapErrors(await member.open(), path), close: () => own.close() }
      } catch (error) {
        own.close()
        throw error
      }
    }
    arrays.push(await npyArray(name, `'${name}' in ${basename(path)}`, open))
  }
  return arrays
}

async function* wrapErrors(stream: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* stream
  } catch (error) {
    throw toNpzError(error, path)
  }
}

async function npyArray(name: string | null, label: string, open: OpenStream): Promise<DataArray> {
  const header = await withReader(open, label, (reader) => readNpyHeader(reader, label))
  const dataType = dataTypeName(header.dataType)
  if (dataType === null) throw new Error('internal: the .npy reader gave an unknown type')
  return {
    name,
    label,
    dataType,
    dims: header.dims,
    async *read(count, pieces, { reuseMemory = false } = {}) {
      const { stream, close } = await open()
      const reader = new StreamReader(stream, label)
      try {
        await readNpyHeader(reader, label)
        const length = count * header.itemBytes
        const memory = reuseMemory ? reader.allocate(length) : null
        // Complex numbers are read as pairs.
        const alignment = header.text === null ? Math.min(8, header.itemBytes) : 1
        for (let piece = 0; piece < pieces; piece++) {
          const inPlace = memory === null ? null : reader.take(length, alignment)
          yield elements(header, inPlace ?? (await reader.read(length, memory ?? undefined)))
        }
      } finally {
        await reader.close()
        close()
      }
    },
  }
}

async function withReader<T>(open: OpenStream, label: string, use: (reader: StreamReader) => Promise<T>): Promise<T> {
  const { stream, close } = await open()
  const reader = new StreamReader(stream, label)
  try {
    return await use(reader)
  } finally {
    await reader.close()
    close()
  }
}

function elements(header: NpyHeader, bytes: Uint8Array): Elements {
  toLittleEndian(header, bytes)
  return header.text === null ? { bytes } : { bytes: new Uint8Array(0), strings: npyStrings(header, bytes) }
}
