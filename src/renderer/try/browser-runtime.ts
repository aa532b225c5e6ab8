/** onnxruntime-web in the window itself, loaded when first asked for: what the model would do in a browser, on one thread of WebAssembly. */
import * as ort from 'onnxruntime-web/wasm'
import wasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import { type ErrorData, toErrorData } from '#shared/errors'
import type { PortableTensor, TryAnswer, TryInput } from '#shared/samples/try'
import { getBridge } from '../bridge/bridge'

const RUNS = 7

ort.env.wasm.numThreads = 1
ort.env.wasm.wasmPaths = { wasm: wasmUrl }
ort.env.logLevel = 'fatal'

/** Runs the model at `path` on the input of the task of `modelPath`. What goes wrong is in the answer. */
export async function runInWindow(modelPath: string, path: string, input: TryInput): Promise<TryAnswer> {
  try {
    const bridge = getBridge()
    const { model, feeds } = await bridge.request('try.portable', { modelPath, path, input })
    const session = await ort.InferenceSession.create(bytesOf(model), { executionProviders: ['wasm'], graphOptimizationLevel: 'all' })
    try {
      const tensors = Object.fromEntries(feeds.map((tensor) => [tensor.name, toTensor(tensor)]))
      const outputs = await session.run(tensors)
      const times: number[] = []
      for (let run = 0; run < RUNS; run++) {
        const start = performance.now()
        await session.run(tensors)
        times.push(performance.now() - start)
      }
      times.sort((a, b) => a - b)
      const [fastest = 0, middle = 0, slowest = 0] = [times[0], times[Math.floor(RUNS / 2)], times[RUNS - 1]]
      const reading = await bridge.request('try.read', { modelPath, input, outputs: Object.entries(outputs).map(([name, tensor]) => fromTensor(name, tensor)) })
      return { path, ...reading, error: null, latency: { p50Ms: middle, p10Ms: fastest, p90Ms: slowest, runs: RUNS } }
    } finally {
      await session.release()
    }
  } catch (error) {
    return { path, output: null, error: wordsOf(error), latency: null, sqnrDb: null, sameAsFirst: false }
  }
}

/** The runtime throws plain errors about models it cannot run. */
function wordsOf(error: unknown): ErrorData {
  const data = toErrorData(error)
  return data.code === 'internal' ? { code: 'runtime-rejected', message: data.message.split('\n')[0] ?? '' } : data
}

const ARRAYS = { float32: Float32Array, float64: Float64Array, int8: Int8Array, uint8: Uint8Array, int32: Int32Array, int64: BigInt64Array, bool: Uint8Array } as const

function toTensor({ dtype, dims, data }: PortableTensor): ort.Tensor {
  return new ort.Tensor(dtype, new ARRAYS[dtype](bytesOf(data).buffer) as ort.Tensor.DataType, dims)
}

function fromTensor(name: string, { type, dims, data }: ort.Tensor): PortableTensor {
  if (!(type in ARRAYS) || !ArrayBuffer.isView(data)) throw new Error(`Output '${name}' is ${type}, which cannot be shown.`)
  return { name, dtype: type as PortableTensor['dtype'], dims: [...dims], data: textOf(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}

function textOf(bytes: Uint8Array): string {
  let text = ''
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768))
  return btoa(text)
}
