import type { OpsetImport, StringEntry } from '../records'
import type { TokenReader } from './token-reader'

/** Reads `["key": "value", …]`. */
export function readEntries(reader: TokenReader): StringEntry[] {
  return reader.list('[', ']', () => {
    const key = reader.expectText('a key')
    reader.expect(':')
    return { key, value: reader.expectText('a value') }
  })
}

/** Reads `["" : 17, "ai.onnx.ml" : 3]`. */
export function readOpsets(reader: TokenReader): OpsetImport[] {
  return reader.list('[', ']', () => {
    const domain = reader.expectText('a domain')
    reader.expect(':')
    return { domain, version: Number(reader.expectInteger('a version')) }
  })
}

/** Reads `<key: value, …>`; `fields` reads the value of each key that may stand there. Nothing where there is no header. */
export function readHeader(reader: TokenReader, fields: Readonly<Record<string, () => void>>): void {
  if (!reader.isSign('<')) return
  reader.list('<', '>', () => {
    const { kind, text } = reader.next
    const read = kind === 'word' && Object.hasOwn(fields, text) ? fields[text] : undefined
    if (!read) reader.fail(`one of ${Object.keys(fields).join(', ')}`)
    reader.take()
    reader.expect(':')
    read()
  })
}
