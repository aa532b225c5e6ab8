import { WireType } from '@bufbuild/protobuf/wire'
import type { ByteSource } from '../byte-source'
import { WireWindow, FieldCursor } from './field-cursor'
import { MODEL, TENSOR } from './fields'

export interface ForeignFile {
  /** Completes the sentence "Not an ONNX model: …". */
  readonly what: string
  readonly hint: string
}

const HEAD_BYTES = 1024
const exportHint = 'Open the model in the framework it comes from and export it to ONNX.'
const chooseHint = 'Choose an ONNX model, usually a file named .onnx.'

/** Files that begin with these bytes at this offset. */
const signatures: readonly { readonly at: number; readonly bytes: string; readonly what: string; readonly hint: string }[] = [
  { at: 0, bytes: 'version https://git-lfs', what: 'a Git LFS pointer, which stands for a file that was not downloaded', hint: 'Run `git lfs pull`, or download the file itself.' },
  { at: 0, bytes: 'PK\x03\x04', what: 'a zip archive (PyTorch .pt and .pth, Keras and NumPy .npz files are such)', hint: `If it is a model: ${lower(exportHint)} If a model is packed in it, unpack it.` },
  { at: 0, bytes: '\x89HDF\r\n\x1a\n', what: 'an HDF5 file (Keras .h5)', hint: exportHint },
  { at: 0, bytes: 'GGUF', what: 'a GGUF file (llama.cpp)', hint: exportHint },
  { at: 0, bytes: '\x93NUMPY', what: 'a NumPy array', hint: `Use it as calibration data; ${lower(chooseHint)}` },
  { at: 0, bytes: '\x1f\x8b', what: 'a gzip archive', hint: 'Unpack it first.' },
  { at: 0, bytes: '7767517', what: 'an ncnn model', hint: exportHint },
  { at: 0, bytes: '\x89PNG', what: 'a PNG image', hint: chooseHint },
  { at: 0, bytes: '\xff\xd8\xff', what: 'a JPEG image', hint: chooseHint },
  { at: 4, bytes: 'TFL3', what: 'a TensorFlow Lite model', hint: exportHint },
  { at: 4, bytes: 'ORTM', what: 'an ONNX Runtime .ort model, a form made for one runtime that cannot be edited', hint: 'Open the .onnx file it was made from.' },
  { at: 257, bytes: 'ustar', what: 'a tar archive', hint: 'Unpack it first.' },
]

/**
 * Says what a file that could not be decoded is, as far as its first bytes tell; null where it may well be a damaged
 * ONNX model. Only asked after decoding failed: a sound model may begin with any of these bytes by chance.
 */
export function describeForeignFile(source: ByteSource): ForeignFile | null {
  if (source.sizeBytes === 0) return { what: 'the file is empty', hint: 'Download or copy the file again.' }
  const head = source.read(0, Math.min(HEAD_BYTES, source.sizeBytes))
  const known = signatures.find(({ at, bytes }) => startsWith(head, at, bytes))
  if (known) return known
  if (head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5) return { what: 'a Python pickle (older PyTorch .pt and .pth files are such)', hint: exportHint }
  if (isSafetensors(head)) return { what: 'a safetensors file, which holds weights without a graph', hint: exportHint }
  if (head.every((byte) => byte === 0)) return { what: 'the file holds only zeros', hint: 'Download or copy the file again.' }
  return describeText(head) ?? describeProtobuf(source)
}

function describeText(head: Uint8Array): ForeignFile | null {
  // A character cut at the end of the head must not count against the text.
  const text = new TextDecoder('utf-8').decode(head, { stream: true })
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    if (character === '\ufffd' || (code < 32 && !'\t\n\r\f'.includes(character))) return null
  }
  const start = text.trimStart()
  if (/^<(!doctype html|html|head|\?xml|!--)/i.test(start)) return { what: 'a web page or XML file', hint: 'The download link may need a login, or may lead to a page about the file: download the file itself.' }
  if (start.startsWith('{') || start.startsWith('[')) return { what: 'a JSON file', hint: chooseHint }
  return { what: 'a text file', hint: chooseHint }
}

/** Tells a saved tensor, and any protobuf or binary file whose first field no model has, from a damaged model. */
function describeProtobuf(source: ByteSource): ForeignFile | null {
  if (looksLikeTensor(source)) return { what: 'a saved ONNX tensor (test or calibration data)', hint: `Use it as calibration data; ${lower(chooseHint)}` }
  const fields = new FieldCursor(new WireWindow(source), 'ModelProto', 0, source.sizeBytes)
  const varints: readonly number[] = [MODEL.irVersion, MODEL.modelVersion]
  const known: readonly number[] = Object.values(MODEL)
  try {
    fields.next()
    if (known.includes(fields.field) && fields.wireType === (varints.includes(fields.field) ? WireType.Varint : WireType.LengthDelimited)) return null
  } catch {
    // Not even one field: where it is cut off within a field that models begin with, the decoder's own message is better.
    if (known.includes(fields.field) && fields.wireType === WireType.LengthDelimited) return null
  }
  return { what: 'the file has another format, which we do not recognise', hint: chooseHint }
}

function looksLikeTensor(source: ByteSource): boolean {
  const fields = new FieldCursor(new WireWindow(source), 'TensorProto', 0, source.sizeBytes)
  const dataFields: readonly number[] = [4, 5, 6, 7, 9, 10, 11]
  let hasType = false
  let hasData = false
  try {
    while (fields.next()) {
      hasType ||= fields.field === TENSOR.dataType && fields.wireType === WireType.Varint
      hasData ||= dataFields.includes(fields.field)
      if (fields.field > TENSOR.metadata) return false
    }
  } catch {
    return false
  }
  return hasType && hasData
}

function startsWith(head: Uint8Array, at: number, bytes: string): boolean {
  return head.length >= at + bytes.length && [...bytes].every((character, index) => head[at + index] === character.charCodeAt(0))
}

/** Eight bytes of header length, then the header as JSON. */
function isSafetensors(head: Uint8Array): boolean {
  return head.length > 10 && head[6] === 0 && head[7] === 0 && head[8] === 0x7b && (head[9] === 0x22 || head[9] === 0x7d || head[9] === 0x20)
}

function lower(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1)
}
