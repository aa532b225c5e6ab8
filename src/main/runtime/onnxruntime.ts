import type * as Onnxruntime from 'onnxruntime-node'

export type Ort = typeof Onnxruntime

let loading: Promise<Ort> | null = null

/**
 * onnxruntime-node, loaded on first use: it is large, and its telemetry reads the environment while it loads, so the
 * variable that turns it off must be set before.
 */
export async function loadOnnxruntime(): Promise<Ort> {
  loading ??= load()
  return loading
}

async function load(): Promise<Ort> {
  process.env.ORT_DISABLE_TELEMETRY = '1'
  const ort = await import('onnxruntime-node')
  // What it has to say comes as exceptions; its log on stderr repeats them with C++ source paths.
  ort.env.logLevel = 'fatal'
  return ort
}

/** For example `onnxruntime-node 1.30.0`. */
export async function onnxruntimeLabel(): Promise<string> {
  const { env } = await loadOnnxruntime()
  const versions: { node?: string | undefined; common: string } = env.versions
  return `onnxruntime-node ${versions.node ?? versions.common}`
}
