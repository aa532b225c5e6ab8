import { randomUUID } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { mkdir, open, rm } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import type { InferenceSession } from 'onnxruntime-node'
import { AppError } from '#shared/errors'
import { readSpan } from '#shared/onnx/byte-source'
import { encodeModel, type EncodedModel, joinPieces } from '#shared/onnx/codec/encode'
import { ModelDocument } from '#shared/onnx/document'
import type { Model, Tensor, ValueInfo } from '#shared/onnx/records'
import { saveModelFile } from './model-file'
import type { Feeds, LocalRunner, RunnerOptions, RunningModel, TensorValue } from './model-runner'
import { loadOnnxruntime, type Ort } from './onnxruntime'
import { toRuntimeError } from './ort-error'
import { collectGarbage } from './process-memory'
import { fromOrtTensor, toOrtTensor } from './ort-tensor'

/** Up to here a model is handed over in memory; above, through a file that onnxruntime reads piece by piece. */
const IN_MEMORY_BYTES = 8 * 1024 * 1024
/** Where memory is spared, weights of models larger than this go into a file of their own, which onnxruntime maps. */
const MAPPED_FROM_BYTES = 1024 * 1024
/** Copying through JavaScript goes in pieces, so that a large tensor is never in memory as a whole. */
const COPY_BYTES = 16 * 1024 * 1024
/** One protobuf message holds less than 2 GiB; room is left for the structure around the tensors. */
const MESSAGE_BYTES = 2 ** 31 - 64 * 1024 * 1024

const OPTIMIZATION_LEVELS = { none: 'disabled', basic: 'basic', extended: 'extended', all: 'all' } as const

/** Runs models in onnxruntime-node on the CPU. `scratchFolder` takes models too large to be handed over in memory. */
export function createOrtRunner({ scratchFolder }: { readonly scratchFolder: string }): LocalRunner {
  return {
    scratchFolder,
    async load(modelOrDocument, options = {}) {
      const model = modelOrDocument instanceof ModelDocument ? modelOrDocument.model : modelOrDocument
      const shown = withExtraOutputs(model, options.extraOutputs ?? [])
      if (options.spareMemory) {
        const running = await inScratchFile(scratchFolder, (path) => saveModelFile(shown, path, { maxMessageBytes: MAPPED_FROM_BYTES, temporary: true }), options)
        collectGarbage('young')
        return running
      }
      const { inline, externalBytes } = inlineExternalData(shown)
      const encoded = encodeModel(inline)
      if (externalBytes > MESSAGE_BYTES || encoded.sizeBytes > MESSAGE_BYTES) {
        return inScratchFile(scratchFolder, (path) => saveModelFile(shown, path, { temporary: true }), options)
      }
      if (encoded.sizeBytes > IN_MEMORY_BYTES) return inScratchFile(scratchFolder, (path) => writePieces(encoded, path), options)
      return createRunningModel(joinPieces(encoded), options)
    },
    async loadFile(path, options = {}) {
      if (extname(path).toLowerCase() === '.ort') {
        throw new AppError({
          code: 'not-supported',
          message: `'${basename(path)}' is in onnxruntime's own .ort format, which Edgefit does not read.`,
          hint: 'Open the ONNX model that it was made from.',
        })
      }
      return createRunningModel(path, options)
    },
  }
}

/**
 * The model with more outputs; the one given stays as it is. Their types are left to onnxruntime, which infers them: what
 * the model declares may be out of date after an edit.
 */
function withExtraOutputs(model: Model, names: readonly string[]): Model {
  const present = new Set(model.graph.outputs.map(({ name }) => name))
  const extra = [...new Set(names)].filter((name) => !present.has(name))
  if (extra.length === 0) return model
  const outputs: ValueInfo[] = extra.map((name) => ({ name, type: null }))
  return { ...model, graph: { ...model.graph, outputs: [...model.graph.outputs, ...outputs] } }
}

/** External tensors of the main graph brought into the model: what is handed over in memory has no folder to look in. */
function inlineExternalData(model: Model): { inline: Model; externalBytes: number } {
  let externalBytes = 0
  const initializers = model.graph.initializers.map((tensor): Tensor => {
    if (tensor.data.kind !== 'external') return tensor
    const { resolved } = tensor.data
    if (!resolved) {
      throw new AppError({
        code: 'not-found',
        message: `The external data of tensor '${tensor.name}' is missing.`,
        hint: 'Keep the external data files in the same folder as the model.',
      })
    }
    externalBytes += resolved.length
    return { ...tensor, data: { kind: 'raw', span: resolved } }
  })
  return { inline: externalBytes === 0 ? model : { ...model, graph: { ...model.graph, initializers } }, externalBytes }
}

async function inScratchFile(folder: string, write: (path: string) => unknown, options: RunnerOptions): Promise<RunningModel> {
  // A folder of its own, because saving may put an external data file beside the model.
  const own = join(folder, `model-${randomUUID()}`)
  await mkdir(own, { recursive: true })
  const remove = () => rm(own, { recursive: true, force: true })
  try {
    const path = join(own, 'model.onnx')
    await write(path)
    const running = await createRunningModel(path, options)
    return {
      ...running,
      async close() {
        await running.close()
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw error
  }
}

function* chunks({ pieces }: EncodedModel): Generator<Uint8Array> {
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) yield piece
    else {
      for (let at = 0; at < piece.length; at += COPY_BYTES) {
        yield readSpan({ source: piece.source, offset: piece.offset + at, length: Math.min(COPY_BYTES, piece.length - at) })
      }
    }
  }
}

async function writePieces(encoded: EncodedModel, path: string): Promise<void> {
  const file = await open(path, 'wx')
  try {
    for (const chunk of chunks(encoded)) await file.writeFile(chunk)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
      throw new AppError({ code: 'disk-full', message: 'There is no room for a temporary copy of the model.', hint: 'Free some space on the disk.' })
    }
    throw error
  } finally {
    await file.close()
  }
}

async function createRunningModel(source: string | Uint8Array, options: RunnerOptions): Promise<RunningModel> {
  const ort = await loadOnnxruntime()
  const sessionOptions = toSessionOptions(options)
  let session: InferenceSession
  try {
    session = await (typeof source === 'string' ? ort.InferenceSession.create(source, sessionOptions) : ort.InferenceSession.create(source, sessionOptions))
  } catch (error) {
    throw toRuntimeError(error, 'load the model')
  }
  return runningModel(ort, session, options)
}

function toSessionOptions(options: RunnerOptions): InferenceSession.SessionOptions {
  const { threads = 0, optimization = 'all', exactIntegers = false, sleepBetweenRuns = false, plainWeights = false, spareMemory = false, optimizedModelPath, profilePrefix } = options
  return {
    executionProviders: ['cpu'],
    logSeverityLevel: 4,
    graphOptimizationLevel: OPTIMIZATION_LEVELS[optimization],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    enableMemPattern: !spareMemory,
    extra: {
      // Keys of onnxruntime_session_options_config_keys.h.
      session: {
        ...(exactIntegers && { x64quantprecision: '1' }),
        ...(plainWeights && { disable_prepacking: '1' }),
        ...(sleepBetweenRuns && { force_spinning_stop: '1' }),
        // Weights beside the optimised graph: it is read for its structure, and one file holds no more than 2 GiB.
        ...(optimizedModelPath !== undefined && { optimized_model_external_initializers_file_name: `${basename(optimizedModelPath)}.data` }),
      },
    },
    ...(optimizedModelPath !== undefined && { optimizedModelFilePath: optimizedModelPath }),
    ...(profilePrefix !== undefined && { enableProfiling: true, profileFilePrefix: profilePrefix }),
  }
}

function runningModel(ort: Ort, session: InferenceSession, { profilePrefix }: RunnerOptions): RunningModel {
  // The Node binding refuses to fetch sequences and maps (ZipMap's output): tensors only.
  const outputNames = session.outputMetadata.filter(({ isTensor }) => isTensor).map(({ name }) => name)
  let closed = false
  return {
    inputNames: session.inputNames,
    outputNames,
    async run(feeds, outputs = outputNames) {
      if (closed) throw new Error('internal: the model was closed')
      if (outputs.length === 0) {
        throw new AppError({
          code: 'not-supported',
          message: 'None of the outputs of the model is a tensor, so there is nothing to fetch.',
          hint: 'Take the ZipMap or sequence node at the end of the model away.',
        })
      }
      const tensors = toOrtFeeds(ort, session, feeds)
      try {
        const fetched = await session.run(tensors, [...outputs])
        return new Map(outputs.map((name): [string, TensorValue] => [name, fromOrtTensor(fetched[name] as (typeof fetched)[string])]))
      } catch (error) {
        throw toRuntimeError(error, 'run the model')
      }
    },
    endProfiling() {
      if (profilePrefix === undefined) return null
      session.endProfiling()
      return findProfile(profilePrefix)
    },
    async close() {
      if (closed) return
      closed = true
      await session.release()
    },
  }
}

function toOrtFeeds(ort: Ort, session: InferenceSession, feeds: Feeds): Record<string, InstanceType<Ort['Tensor']>> {
  return Object.fromEntries(
    session.inputNames.map((name) => {
      const value = feeds.get(name)
      if (!value) throw new AppError({ code: 'invalid-data', message: `The data has nothing for the model's input '${name}'.` })
      return [name, toOrtTensor(ort, value)]
    }),
  )
}

/** onnxruntime adds the time to the prefix and does not say what name came of it. */
function findProfile(prefix: string): string {
  const names = readdirSync(dirname(prefix))
  const found = names.filter((name) => name.startsWith(`${basename(prefix)}_`) && name.endsWith('.json')).toSorted()
  const last = found.at(-1)
  if (last === undefined) throw new Error('internal: onnxruntime wrote no profile')
  return join(dirname(prefix), last)
}
