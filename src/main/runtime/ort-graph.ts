import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { OrtGraph } from '#shared/ipc/jobs'
import { ModelDocument } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import { openModelFile, saveModelFile } from './model-file'
import { createOrtRunner } from './ort-runner'
import { onnxruntimeLabel } from './onnxruntime'

export interface OrtGraphOptions {
  readonly modelPath: string
  /** Written at the end, atomically; large weights beside it. */
  readonly outputPath: string
  /**
   * How far onnxruntime's optimisation goes. 'all' also rearranges weights for this very processor: such a graph runs on the like of it only.
   */
  readonly optimization: 'basic' | 'extended' | 'all'
  readonly scratchFolder: string
  readonly signal: AbortSignal
  readonly progress: (phase: string, fraction: number | null, detail?: string) => void
}

/** Has onnxruntime optimise a model for the CPU and writes the graph that it would run. Throws AppError `runtime-rejected`, and what opening and saving throw. */
export async function writeOrtGraph({ modelPath, outputPath, optimization, scratchFolder, signal, progress }: OrtGraphOptions): Promise<OrtGraph> {
  progress('reading', 0)
  const source = openModelFile(modelPath)
  const folder = await mkdtemp(join(scratchFolder, 'ort-graph-'))
  try {
    progress('optimizing', 0.2)
    const runner = createOrtRunner({ scratchFolder: folder })
    const optimizedModelPath = join(folder, 'graph.onnx')
    await (await runner.load(source.model, { optimization, optimizedModelPath })).close()
    signal.throwIfAborted()
    progress('saving', 0.7)
    const optimized = openModelFile(optimizedModelPath)
    try {
      const saved = await saveModelFile(optimized.model, outputPath, { signal })
      return {
        path: saved.path,
        sizeBytes: saved.sizeBytes,
        nodesBefore: nodesOf(source.model).length,
        nodesAfter: nodesOf(optimized.model).length,
        opCounts: countOps(optimized.model),
        conditions: `${await onnxruntimeLabel()}, CPU, optimisation '${optimization}'.`,
      }
    } finally {
      optimized.close()
    }
  } finally {
    source.close()
    await rm(folder, { recursive: true, force: true })
  }
}

function nodesOf(model: Model): { opType: string; domain: string }[] {
  return new ModelDocument(model).graphs().flatMap(({ nodes }) => nodes)
}

function countOps(model: Model): Record<string, number> {
  const counts = new Map<string, number>()
  for (const { opType, domain } of nodesOf(model)) {
    const name = domain === '' || domain === 'ai.onnx' ? opType : `${domain}.${opType}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}
