import { arch, cpus, release, type } from 'node:os'
import type { Conditions } from '#shared/measurement'
import { onnxruntimeLabel } from './onnxruntime'

/** Processor and operating system, for example `AMD EPYC 9754, 2 logical cores, x64, Linux 6.1.0`. */
export function describeDevice(): string {
  const processors = cpus()
  const model = processors[0]?.model.trim().replace(/\s+/g, ' ')
  return `${model === undefined || model === '' ? 'unknown processor' : model}, ${processors.length} ${processors.length === 1 ? 'logical core' : 'logical cores'}, ${arch()}, ${type()} ${release()}`
}

/** What a measurement in this process, now, is taken under. */
export async function measurementConditions(taken: Pick<Conditions, 'provider' | 'threads' | 'warmup' | 'runs' | 'inputs'>): Promise<Conditions> {
  return { ...taken, device: describeDevice(), runtime: await onnxruntimeLabel(), measuredAt: new Date().toISOString() }
}
