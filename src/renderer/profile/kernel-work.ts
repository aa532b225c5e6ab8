/** What a profile says when its kernels are taken together: by operator, by group, and against the machine's peaks. */
import type { KernelProfile } from '#shared/measurement'
import type { ProfileLimits } from '#shared/profile-limits'

export interface TypeTime {
  readonly opType: string
  readonly count: number
  readonly p50Ms: number
  readonly share: number
}

/** Kernels summed by operator, the slowest first. */
export function timeByType(kernels: readonly KernelProfile[]): TypeTime[] {
  const found = new Map<string, TypeTime>()
  for (const { opType, p50Ms, share } of kernels) {
    const known = found.get(opType)
    found.set(opType, { opType, count: (known?.count ?? 0) + 1, p50Ms: (known?.p50Ms ?? 0) + p50Ms, share: (known?.share ?? 0) + share })
  }
  return [...found.values()].toSorted((a, b) => b.p50Ms - a.p50Ms)
}

export interface ComparedType extends TypeTime {
  readonly besideMs: number
  readonly besideCount: number
}

/** The operators of two profiles, each with its time in both; nothing where one does not run it. */
export function compareByType(kernels: readonly KernelProfile[], beside: readonly KernelProfile[]): ComparedType[] {
  const [own, others] = [kernels, beside].map((list) => new Map(timeByType(list).map((time) => [time.opType, time])))
  return [...new Set([...(own?.keys() ?? []), ...(others?.keys() ?? [])])].map((opType) => {
    const { count = 0, p50Ms = 0, share = 0 } = own?.get(opType) ?? {}
    return { opType, count, p50Ms, share, besideMs: others?.get(opType)?.p50Ms ?? 0, besideCount: others?.get(opType)?.count ?? 0 }
  })
}

export interface Stretch {
  /** Empty where names of nodes tell no group. */
  readonly name: string
  readonly kernels: readonly KernelProfile[]
  readonly p50Ms: number
}

/** Runs of kernels next to each other whose nodes have the same scope in their names (`/layer1/conv1/Conv` is in `layer1`). */
export function stretches(kernels: readonly KernelProfile[]): Stretch[] {
  const found: { name: string; kernels: KernelProfile[]; p50Ms: number }[] = []
  for (const kernel of kernels) {
    const name = scopeOf(kernel) ?? found.at(-1)?.name ?? ''
    const last = found.at(-1)
    if (last?.name === name) {
      last.kernels.push(kernel)
      last.p50Ms += kernel.p50Ms
    } else found.push({ name, kernels: [kernel], p50Ms: kernel.p50Ms })
  }
  return found
}

/** Null for kernels that onnxruntime added: they belong to what stands before. The last part of a name is the node's own. */
function scopeOf({ nodes: [first] }: KernelProfile): string | null {
  if (first === undefined) return null
  const parts = first.name.split(first.name.includes('/') ? '/' : '.').filter((part) => part !== '')
  return parts.length < 2 ? '' : parts.slice(0, Math.min(2, parts.length - 1)).join('/')
}

export interface RoofPoint {
  readonly kernel: KernelProfile
  /** FLOP for each byte. */
  readonly intensity: number
  readonly gflops: number
  /** Of what the machine could reach at this intensity. */
  readonly share: number
  readonly bound: 'memory' | 'compute'
}

/** Kernels that multiply, against the roof. Bytes are those of a kernel's nodes, so fused ones count what stays in between as well. */
export function roofPoints(kernels: readonly KernelProfile[], { nodes, peaks }: Pick<ProfileLimits, 'nodes' | 'peaks'>): RoofPoint[] {
  const work = new Map(nodes.map((node) => [node.id, node]))
  return kernels.flatMap((kernel) => {
    let [macs, bytes] = [0, 0]
    for (const { id } of kernel.nodes) {
      macs += work.get(id)?.macs ?? 0
      bytes += work.get(id)?.bytes ?? 0
    }
    if (macs === 0 || bytes === 0 || kernel.p50Ms <= 0) return []
    const intensity = (2 * macs) / bytes
    const gflops = (2 * macs) / kernel.p50Ms / 1e6
    const byMemory = intensity * peaks.gbPerSecond
    return [{ kernel, intensity, gflops, share: gflops / Math.min(byMemory, peaks.gflops), bound: byMemory < peaks.gflops ? 'memory' : 'compute' }]
  })
}
