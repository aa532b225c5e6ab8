import type { KernelProfile } from '#shared/measurement'
import { subgraphsOf } from '#shared/onnx/graph-index'
import type { Model } from '#shared/onnx/records'
import { attributeKernels } from './kernel-attribution'
import { type KernelTimes, readKernelTimes } from './kernel-times'
import { mean, percentile } from './latency'

type NodeReference = KernelProfile['nodes'][number]

export interface ProfiledModel {
  /** As it is in its file. */
  readonly model: Model
  /** The same with a name of its own for each node, as onnxruntime was given it. */
  readonly named: Model
  /** As onnxruntime saved what it ran. */
  readonly optimized: Model
}

/** The nodes that a kernel was made from, by the kernel's name. */
export function nodesOfKernels({ model, named, optimized }: ProfiledModel): (kernel: string) => NodeReference[] {
  const names = originalNames(model)
  const attributed = attributeKernels(named, optimized)
  return (kernel) => (attributed.get(kernel) ?? []).map(({ id, opType }) => ({ id, opType, name: names.get(id) ?? '' }))
}

/** Times of each kernel with its nodes, from a profile that onnxruntime wrote, without its first `skipRuns` inferences. */
export async function kernelsOfProfile({ profilePath, skipRuns, ...models }: ProfiledModel & { readonly profilePath: string; readonly skipRuns: number }): Promise<KernelProfile[]> {
  return kernelProfiles(await readKernelTimes(profilePath, skipRuns), nodesOfKernels(models))
}

/** Names by id, subgraphs included. */
function originalNames(model: Model): Map<number, string> {
  const names = new Map<number, string>()
  const graphs = [model.graph]
  for (let graph = graphs.pop(); graph; graph = graphs.pop()) {
    for (const node of graph.nodes) {
      names.set(node.id, node.name)
      graphs.push(...subgraphsOf(node))
    }
  }
  return names
}

function kernelProfiles(times: readonly KernelTimes[], nodesOf: (kernel: string) => NodeReference[]): KernelProfile[] {
  const sortedUs = times.map(({ perRunUs }) => perRunUs.toSorted((a, b) => a - b))
  // Medians, not means: one interrupted run would otherwise put a small kernel on top.
  const total = sortedUs.reduce((sum, sorted) => sum + percentile(sorted, 50), 0)
  return times.map(({ name, opType, provider, perRunUs, calls }, at) => {
    const sorted = sortedUs[at] ?? []
    return {
      kernel: name,
      opType,
      provider,
      p50Ms: percentile(sorted, 50) / 1000,
      p95Ms: percentile(sorted, 95) / 1000,
      meanMs: mean(sorted) / 1000,
      share: total === 0 ? 1 / times.length : percentile(sorted, 50) / total,
      calls: Math.max(1, Math.round(calls / perRunUs.length)),
      nodes: nodesOf(name),
    }
  })
}
