/** Runs one model in onnxruntime-web as its task says and times it. Tells its page of everything in the form of the native runner. */
import { readTensors, writeTensors } from './tensors.js'

const WINDOW_MS = 1000
const TELL_MS = 100
/** An inference is given up when it takes so long, and so many times as long as the first. */
const LEAST_PATIENCE_MS = 8000
const PATIENCE_FACTOR = 20

/** Bytes of the server's file; throws with what the server says. */
async function get(name) {
  const response = await fetch(name)
  if (!response.ok) throw new Error(`${name}: ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

async function loadRuntime({ provider, threads }) {
  if (provider === 'webgpu' && !navigator.gpu) throw new Error('This browser offers no WebGPU to this page.')
  const ort = await import(provider === 'webgpu' ? './ort/ort.webgpu.min.mjs' : './ort/ort.wasm.min.mjs')
  ort.env.wasm.wasmPaths = new URL('./ort/', self.location.href).href
  // Threads need shared memory, which a browser gives only to isolated pages: not over plain HTTP on a network.
  ort.env.wasm.numThreads = self.crossOriginIsolated ? threads || Math.min(4, navigator.hardwareConcurrency) : 1
  ort.env.logLevel = 'error'
  return ort
}

async function run() {
  const task = await (await fetch('task')).json()
  const ort = await loadRuntime(task)
  const model = await get('model')
  const externalData = []
  for (const { path, url } of task.externalData) externalData.push({ path, data: await get(url) })
  const feeds = readTensors(ort, await get('inputs'))
  const loadStart = performance.now()
  const session = await ort.InferenceSession.create(model, { executionProviders: [task.provider], externalData, interOpNumThreads: 1, extra: { session: { x64quantprecision: '1' } } })
  const loadMs = performance.now() - loadStart
  self.postMessage({ event: 'loaded', loadMs, threads: ort.env.wasm.numThreads, userAgent: navigator.userAgent, cores: navigator.hardwareConcurrency, patienceMs: Math.max(LEAST_PATIENCE_MS, task.patienceMs) })

  let outputs = {}
  const infer = async () => {
    // Kept on the GPU they would not be the model's whole time: they are read each time.
    const start = performance.now()
    outputs = await session.run(feeds)
    return performance.now() - start
  }
  const firstRunMs = await infer()
  const tellInferred = () => self.postMessage({ event: 'inferred', patienceMs: Math.max(LEAST_PATIENCE_MS, PATIENCE_FACTOR * firstRunMs) })
  tellInferred()
  for (let warmup = 1; warmup < task.warmup; warmup++) {
    await infer()
    tellInferred()
  }
  const start = performance.now()
  const samplesMs = []
  let told = start
  while (samplesMs.length < task.runs) {
    samplesMs.push(await infer())
    if (performance.now() - told < TELL_MS) continue
    told = performance.now()
    self.postMessage({ event: 'run', done: samplesMs.length, runs: task.runs })
  }
  let window = []
  let windowStart = performance.now()
  while (performance.now() - start < task.seconds * 1000) {
    window.push(await infer())
    const now = performance.now()
    if (now - windowStart < WINDOW_MS && now - start < task.seconds * 1000) continue
    self.postMessage({ event: 'window', atMs: now - start, runs: window.length, p50Ms: median(window) })
    window = []
    windowStart = now
  }
  // What follows takes as long as the connection needs.
  self.postMessage({ event: 'inferred', patienceMs: Infinity })
  const response = await fetch('outputs', { method: 'POST', body: await writeTensors(outputs) })
  if (!response.ok) throw new Error(`outputs: ${response.status}`)
  self.postMessage({ event: 'done', loadMs, firstRunMs, samplesMs })
}

run().catch((error) => self.postMessage({ event: 'error', message: String(error?.message ?? error) }))
