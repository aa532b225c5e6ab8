import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelDocument } from '#shared/onnx/document'
import { withUniqueNodeNames } from './kernel-attribution'
import { nodesOfKernels } from './kernel-profiles'
import { readKernelTimes } from './kernel-times'
import { mean } from './latency'
import { openModelFile } from './model-file'
import type { Feeds, LocalRunner, RunningModel } from './model-runner'

export interface TimedKernel {
  /** Ids of the nodes that onnxruntime made it of; none where it added the kernel by itself. */
  readonly nodeIds: readonly number[]
  /** Of one inference. */
  readonly us: number
}

export interface KernelTurns {
  readonly runs: number
  readonly signal: AbortSignal
}

const WARMUP = 3

/**
 * What each kernel of several models takes, on one thread, the models taking turns, so that a change of the machine's speed meets all of
 * them. The mean of the quicker half of the inferences: what interrupts a kernel only ever makes it slower, and onnxruntime's
 * profile has whole microseconds.
 */
export async function timeKernelsInTurns(runner: LocalRunner, documents: readonly ModelDocument[], feeds: Feeds, { runs, signal }: KernelTurns): Promise<TimedKernel[][]> {
  const folder = join(runner.scratchFolder, `kernels-${randomUUID()}`)
  await mkdir(folder, { recursive: true })
  const running: RunningModel[] = []
  try {
    for (const [at, { model }] of documents.entries()) {
      running.push(await runner.load(withUniqueNodeNames(model), { threads: 1, optimizedModelPath: join(folder, `${at}.onnx`), profilePrefix: join(folder, `profile-${at}`) }))
    }
    for (let run = -WARMUP; run < runs; run++) {
      signal.throwIfAborted()
      for (const each of running) await each.run(feeds)
    }
    const timed: TimedKernel[][] = []
    for (const [at, { model }] of documents.entries()) timed.push(await readProfile(running[at]?.endProfiling() ?? null, join(folder, `${at}.onnx`), model))
    return timed
  } finally {
    for (const each of running) await each.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function readProfile(profilePath: string | null, optimizedPath: string, model: ModelDocument['model']): Promise<TimedKernel[]> {
  if (profilePath === null) throw new Error('internal: the profiler was not on')
  const optimized = openModelFile(optimizedPath)
  try {
    const nodesOf = nodesOfKernels({ model, named: withUniqueNodeNames(model), optimized: optimized.model })
    return (await readKernelTimes(profilePath, WARMUP)).map(({ name, perRunUs }) => ({ nodeIds: nodesOf(name).map(({ id }) => id), us: quickerHalf(perRunUs) }))
  } finally {
    optimized.close()
  }
}

function quickerHalf(perRunUs: readonly number[]): number {
  return mean(perRunUs.toSorted((a, b) => a - b).slice(0, Math.ceil(perRunUs.length / 2)))
}
