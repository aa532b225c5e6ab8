import { existsSync, realpathSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { AppError } from '#shared/errors'
import { encodeModel, type EncodedModel } from '#shared/onnx/codec/encode'
import { replaceTensors } from '#shared/onnx/codec/replace-tensors'
import { walkTensors } from '#shared/onnx/codec/walk-tensors'
import { isSpan, type Piece } from '#shared/onnx/codec/piece-writer'
import { parseExternalEntries } from '#shared/onnx/external-location'
import type { Model, Tensor, TensorData } from '#shared/onnx/records'
import { tensorBytes, tensorSizeBytes } from '#shared/onnx/tensor-data'
import { writeError, writeFileAtomically } from './atomic-write'
import { namesFile } from './external-files'
import { fileIdentity, type FileSource } from './file-source'
import { findSupersededData } from './superseded-data'

/** Copies go in pieces of this size. */
const CHUNK_BYTES = 1024 * 1024
/** Protobuf's readers take no message of 2 GiB; the margin leaves room for what a runtime adds to it. */
const MAX_MESSAGE_BYTES = 2 ** 31 - 64 * 1024 * 1024
/** Smaller tensors stay in the model file, where shape inference in other tools can see them. */
const MIN_EXTERNAL_BYTES = 1024
/** onnxruntime maps tensors that begin on a page. */
const PAGE_BYTES = 4096

export interface SaveOptions {
  /** A model file that would be larger than this has its weights put in a data file. By default just under 2 GiB, protobuf's limit. */
  readonly maxMessageBytes?: number
  readonly signal?: AbortSignal
  /** For a model that nobody needs after this process: it is not flushed to the disk. */
  readonly temporary?: boolean
}

export interface SavedModel {
  /** Absolute; where `path` was a link within its folder, the file it leads to. */
  readonly path: string
  /** Of the model file and its data files together. */
  readonly sizeBytes: number
  /** Absolute paths of the data files that the saved model reads. */
  readonly externalFiles: readonly string[]
}

/**
 * Writes a model, streaming: memory does not grow with the weights. Atomic: in every failure an older file at `path` stays
 * whole and nothing is left behind. The model may be open from the very file that is written.
 *
 * External data that the saved model finds under its old name stays where it is; other external data is copied into one
 * new data file beside the model. Data files are never written over, so that no crash can part a model from its weights:
 * a new one gets a name that is free, and one that only the replaced model read is removed afterwards.
 *
 * Throws AppError `disk-full`, `permission-denied`, `not-found` (no such folder), `changed-on-disk`, `bad-usage` (the path
 * is a folder, or the model's own data file), `cancelled`.
 */
export async function saveModelFile(model: Model, path: string, options: SaveOptions = {}): Promise<SavedModel> {
  const target = realTarget(resolve(path))
  try {
    return await save(model, target, options)
  } catch (error) {
    throw writeError(error, target)
  }
}

async function save(model: Model, target: string, options: SaveOptions): Promise<SavedModel> {
  refuseOwnData(model, target)
  const plan = planDataFile(model, target, options.maxMessageBytes ?? MAX_MESSAGE_BYTES)
  const superseded = findSupersededData(target)
  const { signal, temporary } = options
  try {
    if (plan.dataPath !== null) await writeFileAtomically(plan.dataPath, dataChunks(plan.moved), { signal, temporary })
    await writeFileAtomically(target, pieceChunks(plan.encoded), { signal, temporary })
  } catch (error) {
    if (plan.dataPath !== null) rmSync(plan.dataPath, { force: true })
    throw error
  }
  superseded.remove(plan.locations)
  const externalFiles = [...plan.locations].map((location) => join(dirname(target), location)).filter((file) => existsSync(file))
  const sizeBytes = [target, ...externalFiles].reduce((sum, file) => sum + statSync(file).size, 0)
  return { path: target, sizeBytes, externalFiles }
}

/**
 * A link within one folder is kept and the file it leads to replaced. A link into another folder is itself replaced: what
 * it leads to may be a store that nobody must change, and data files would come to stand beside the wrong one of the two.
 */
function realTarget(path: string): string {
  try {
    const real = realpathSync(path)
    return dirname(real) === realpathSync(dirname(path)) ? real : path
  } catch {
    // There is no such file yet; what is wrong with its folder shows when writing.
    return path
  }
}

function refuseOwnData(model: Model, target: string): void {
  const stats = statSync(target, { bigint: true, throwIfNoEntry: false })
  if (!stats) return
  const identity = fileIdentity(stats)
  for (const { tensor } of walkTensors(model)) {
    const source = externalSource(tensor)
    if (source?.identity === identity) {
      throw new AppError({ code: 'bad-usage', message: `'${target}' holds the weights of this model.`, hint: 'Choose another name.' })
    }
  }
}

function externalSource(tensor: Tensor): FileSource | null {
  return tensor.data.kind === 'external' && tensor.data.resolved ? (tensor.data.resolved.source as FileSource) : null
}

interface SavePlan {
  readonly encoded: EncodedModel
  /** Null where no data file needs to be written. */
  readonly dataPath: string | null
  readonly moved: readonly MovedTensor[]
  /** Data files the saved model names. */
  readonly locations: ReadonlySet<string>
}

interface MovedTensor {
  readonly tensor: Tensor
  readonly offset: number
  readonly sizeBytes: number
}

function planDataFile(model: Model, target: string, maxMessageBytes: number): SavePlan {
  const folder = dirname(target)
  const toCopy = new Set<Tensor>()
  const kept = new Map<string, boolean>()
  for (const { tensor } of walkTensors(model)) {
    const source = externalSource(tensor)
    const location = tensor.data.kind === 'external' ? parseExternalEntries(tensor.data.entries)?.location : undefined
    if (!source || location === undefined) continue
    const key = `${source.identity}\0${location}`
    const stays = kept.get(key) ?? namesFile(folder, location, source)
    kept.set(key, stays)
    if (!stays) toCopy.add(tensor)
  }
  const dataName = freeDataName(target)
  const initializers = new Set([...walkTensors(model)].filter(({ node }) => node === null).map(({ tensor }) => tensor))
  if (storedBytes(initializers) <= maxMessageBytes) {
    const first = moveTensors(model, dataName, (tensor) => toCopy.has(tensor))
    const encoded = encodeModel(first.model)
    if (encoded.sizeBytes <= maxMessageBytes) return finishPlan({ ...first, encoded }, target, dataName)
  }
  const second = moveTensors(model, dataName, (tensor) => toCopy.has(tensor) || (initializers.has(tensor) && isWorthMoving(tensor)))
  const smaller = encodeModel(second.model)
  if (smaller.sizeBytes > maxMessageBytes) {
    throw new AppError({ code: 'not-supported', message: `Without its initializers the model still takes ${smaller.sizeBytes} bytes, more than a model file can hold.` })
  }
  return finishPlan({ ...second, encoded: smaller }, target, dataName)
}

/** What the message takes at least: values that would stand in it as they are. */
function storedBytes(tensors: Iterable<Tensor>): number {
  let bytes = 0
  for (const { data } of tensors) bytes += data.kind === 'bytes' ? data.bytes.length : data.kind === 'raw' ? data.span.length : 0
  return bytes
}

function finishPlan(plan: { model: Model; moved: readonly MovedTensor[]; encoded: EncodedModel }, target: string, dataName: string): SavePlan {
  const locations = new Set<string>()
  for (const { tensor } of walkTensors(plan.model)) {
    const location = tensor.data.kind === 'external' ? parseExternalEntries(tensor.data.entries)?.location : undefined
    if (location !== undefined) locations.add(location)
  }
  return { encoded: plan.encoded, moved: plan.moved, dataPath: plan.moved.length > 0 ? join(dirname(target), dataName) : null, locations }
}

function isWorthMoving(tensor: Tensor): boolean {
  return (tensor.data.kind === 'bytes' || tensor.data.kind === 'raw' || tensor.data.kind === 'field') && tensorSizeBytes(tensor) >= MIN_EXTERNAL_BYTES
}

/** `<model>.data`, or the first free name like it. */
function freeDataName(target: string): string {
  const base = basename(target)
  let name = `${base}.data`
  for (let n = 1; existsSync(join(dirname(target), name)); n++) name = `${base}-${n}.data`
  return name
}

function moveTensors(model: Model, dataName: string, isMoved: (tensor: Tensor) => boolean): { model: Model; moved: MovedTensor[] } {
  const moved: MovedTensor[] = []
  let end = 0
  const changed = replaceTensors(model, (tensor) => {
    if (!isMoved(tensor)) return tensor
    const sizeBytes = spanOf(tensor.data)?.length ?? tensorSizeBytes(tensor)
    const offset = sizeBytes >= PAGE_BYTES ? Math.ceil(end / PAGE_BYTES) * PAGE_BYTES : Math.ceil(end / 64) * 64
    end = offset + sizeBytes
    moved.push({ tensor, offset, sizeBytes })
    const entries = [
      { key: 'location', value: dataName },
      { key: 'offset', value: String(offset) },
      { key: 'length', value: String(sizeBytes) },
    ]
    return { ...tensor, data: { kind: 'external', entries, resolved: null } }
  })
  return { model: changed, moved }
}

function* dataChunks(moved: readonly MovedTensor[]): Generator<Uint8Array> {
  let at = 0
  for (const { tensor, offset, sizeBytes } of moved) {
    if (offset > at) yield new Uint8Array(offset - at)
    yield* copy(rawPiece(tensor))
    at = offset + sizeBytes
  }
}

function rawPiece(tensor: Tensor): Piece {
  // Typed fields are decoded, one tensor at a time.
  return spanOf(tensor.data) ?? tensorBytes(tensor)
}

function spanOf(data: TensorData): Piece | null {
  if (data.kind === 'raw') return data.span
  return data.kind === 'external' ? data.resolved : null
}

function* pieceChunks({ pieces }: EncodedModel): Generator<Uint8Array> {
  for (const piece of pieces) yield* copy(piece)
}

function* copy(piece: Piece): Generator<Uint8Array> {
  if (!isSpan(piece)) yield piece
  else {
    for (let at = 0; at < piece.length; at += CHUNK_BYTES) {
      yield piece.source.read(piece.offset + at, Math.min(CHUNK_BYTES, piece.length - at))
    }
  }
}
