/** Arrays as NumPy writes them, for tests. */
import { crc32, deflateRawSync } from 'node:zlib'

export interface NpySpec {
  /** For example `<f4`. */
  readonly descriptor: string
  readonly dims: readonly number[]
  readonly data: Uint8Array
  readonly fortranOrder?: boolean
}

/** An `.npy` file of format version 1, its data aligned to 64 bytes. */
export function npyBytes({ descriptor, dims, data, fortranOrder = false }: NpySpec): Uint8Array {
  const shape = dims.length === 1 ? `${dims[0]},` : dims.join(', ')
  const text = `{'descr': '${descriptor}', 'fortran_order': ${fortranOrder ? 'True' : 'False'}, 'shape': (${shape}), }`
  const header = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`
  const prefix = Uint8Array.of(0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length & 0xff, header.length >> 8)
  return Buffer.concat([prefix, new TextEncoder().encode(header), data])
}

/** A zip of the arrays, deflated. */
export function npzBytes(arrays: Readonly<Record<string, NpySpec>>): Uint8Array {
  const locals: Uint8Array[] = []
  const central: Uint8Array[] = []
  let offset = 0
  for (const [name, spec] of Object.entries(arrays)) {
    const content = npyBytes(spec)
    const packed = deflateRawSync(content)
    const fileName = Buffer.from(`${name}.npy`)
    // Version, flags, method (deflate), time, date, checksum, sizes, length of the name, length of the extra field.
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(content), 10)
    common.writeUInt32LE(packed.byteLength, 14)
    common.writeUInt32LE(content.byteLength, 18)
    common.writeUInt16LE(fileName.byteLength, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, fileName, packed])
    const place = Buffer.alloc(14)
    place.writeUInt32LE(offset, 10)
    central.push(Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), Buffer.from([20, 0]), common, place, fileName]))
    locals.push(local)
    offset += local.byteLength
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(central.length, 4)
  end.writeUInt16LE(central.length, 6)
  end.writeUInt32LE(directory.byteLength, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...locals, directory, Buffer.from('PK\x05\x06', 'latin1'), end])
}

export function bytes(array: Float32Array | Float64Array | Uint8Array | Int32Array | BigInt64Array | Uint32Array | Uint16Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}
