/** Models as a window shows them: where a model has unsaved edits, what is asked of its file is asked of a snapshot. */
import { mkdirSync, readdirSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { requests } from '#shared/ipc/contract'
import { linkOrCopy } from '../workspace/link-or-copy'
import type { EngineService } from './engine-service'
import type { JobRequest } from './jobs'

export interface Snapshot {
  /** The path the window knows the model by. */
  readonly modelPath: string
  /** The file with the edits. */
  readonly path: string
  /** Of the document. */
  readonly revision: number
}

/**
 * Snapshots of those of the models that `owner` has open with unsaved edits; the others are what their files are. Without `write` only
 * snapshots that were made before count.
 */
export async function snapshotsOf(engine: EngineService, owner: string, { modelPaths, write }: { readonly modelPaths: readonly string[]; readonly write: boolean }): Promise<Snapshot[]> {
  const snapshots: Snapshot[] = []
  for (const modelPath of new Set(modelPaths)) {
    const documentId = engine.documentAt(owner, modelPath)
    if (documentId === null) continue
    const { path, revision } = requests['document.snapshot'].result.parse(await engine.request(owner, 'document.snapshot', { documentId, check: false, write }))
    if (revision !== null) snapshots.push({ modelPath, path, revision })
  }
  return snapshots
}

export function modelPathsOf({ kind, params }: JobRequest): string[] {
  switch (kind) {
    case 'compare':
      return [params.a, params.b]
    case 'layer-error':
      return [params.modelPath, params.sourcePath]
    case 'evaluate':
      return [params.modelPath, ...(params.referencePath === null ? [] : [params.referencePath])]
    case 'optimize':
    case 'profile':
    case 'deploy':
    case 'sensitivity':
    case 'preview':
    case 'ort-graph':
    case 'distribution':
    case 'prune-curves':
    case 'limits':
      return [params.modelPath]
  }
}

/** The same snapshots in `folder`: they stay there when the document's next state takes the place of the one before it. */
export function holdSnapshots(snapshots: readonly Snapshot[], folder: string): Snapshot[] {
  return snapshots.map((snapshot, at) => {
    const own = join(folder, `edited-${String(at)}`)
    const from = dirname(snapshot.path)
    for (const entry of readdirSync(from, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())) {
      const file = join(entry.parentPath, entry.name)
      const target = join(own, relative(from, file))
      mkdirSync(dirname(target), { recursive: true })
      linkOrCopy(file, target)
    }
    return { ...snapshot, path: join(own, basename(snapshot.path)) }
  })
}

/** The value with the models' own paths in place of those of their snapshots, or the other way round. */
export function withPaths<T>(value: T, snapshots: readonly Snapshot[], to: 'snapshot' | 'model'): T {
  if (snapshots.length === 0) return value
  const names = new Map(snapshots.map(({ modelPath, path }) => (to === 'snapshot' ? [modelPath, path] : [path, modelPath])))
  const visit = (part: unknown): unknown => {
    if (typeof part === 'string') return names.get(part) ?? part
    if (Array.isArray(part)) return part.map(visit)
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([key, one]) => [key, visit(one)]))
  }
  return visit(value) as T
}
