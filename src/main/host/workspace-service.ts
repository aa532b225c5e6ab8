/** Variants and measurements of a model, found by the content of its file, so that a moved or uploaded copy finds them too. */
import { randomUUID } from 'node:crypto'
import { mkdirSync, renameSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { AppError } from '#shared/errors'
import { PREPROCESSING_KEY } from '#shared/evaluation/preprocessing'
import type { RequestResult } from '#shared/ipc/contract'
import { jobKinds, type Variant } from '#shared/ipc/jobs'
import { ProfileResult } from '#shared/measurement'
import { openEvaluations } from '../workspace/evaluations'
import type { Home } from '../workspace/home'
import { openVariants } from '../workspace/variants'
import type { EngineService } from './engine-service'
import type { FinishedJob } from './jobs'
import type { Snapshot } from './snapshots'

export interface Workspace {
  listVariants(modelPath: string): Promise<Variant[]>
  removeVariant(modelPath: string, variantId: string): Promise<Record<string, never>>
  exportVariant(options: { modelPath: string; variantId: string; path: string }): Promise<RequestResult<'variants.export'>>
  latestProfile(modelPath: string): Promise<ProfileResult | null>
  isVariant(path: string): boolean
  /** Files of the variant whose model is at `path`. Throws AppError not-found. */
  variantFiles(path: string): string[]
  /** Stores what a finished job made; returns the job's result as the window sees it. */
  keep(job: FinishedJob): Promise<unknown>
}

export function createWorkspace(options: {
  home: Home
  engine: Pick<EngineService, 'copyModel' | 'hashModel'>
  onDamage: (reason: string) => void
  onVariantsChanged: (modelPath: string) => void
}): Workspace {
  const { engine, onVariantsChanged } = options
  const evaluations = openEvaluations(options.home.evaluationsFolder)
  const variants = openVariants(options.home.variantsFolder, options.onDamage)

  async function keepOptimized(job: FinishedJob & { request: { kind: 'optimize' } }): Promise<unknown> {
    const { params } = job.request
    const parsed = jobKinds.optimize.result.parse(job.result)
    const [snapshot] = job.snapshots
    const report = snapshot ? { ...parsed.report, source: { ...parsed.report.source, revision: snapshot.revision } } : parsed.report
    if (!params.keepVariant) return { report, variant: null }
    if (snapshot) variants.noteEdited(await engine.hashModel(params.modelPath), report.source.sha256)
    const variant = variants.add({ name: params.recipe.name, report, stagedFolder: job.stagedFolder })
    // Before the copy: where that fails, the variant is there all the same.
    onVariantsChanged(params.modelPath)
    if (params.outputPath !== undefined) await engine.copyModel(variant.modelPath, params.outputPath)
    return { report: variant.report, variant }
  }

  /** A graph to look at lies among the imports, from where it goes after a day. */
  function keepOrtGraph(job: FinishedJob): unknown {
    const result = jobKinds['ort-graph'].result.parse(job.result)
    if (dirname(result.path) !== job.stagedFolder) return result
    const folder = join(options.home.importsFolder, randomUUID())
    mkdirSync(options.home.importsFolder, { recursive: true })
    renameSync(job.stagedFolder, folder)
    return { ...result, path: join(folder, basename(result.path)) }
  }

  async function keepProfile(modelPath: string, snapshot: Snapshot | undefined, profile: ProfileResult): Promise<void> {
    const variant = variants.at(modelPath)
    if (snapshot) variants.keepProfile({ sourceSha256: await engine.hashModel(snapshot.path), variantId: null }, profile)
    else if (variant) variants.keepProfile({ sourceSha256: variant.report.source.sha256, variantId: variant.id }, profile)
    else variants.keepProfile({ sourceSha256: await engine.hashModel(modelPath), variantId: null }, profile)
    onVariantsChanged(variant ? variant.report.source.path : modelPath)
  }

  return {
    async listVariants(modelPath) {
      if (variants.isEmpty()) return []
      return variants.list(await engine.hashModel(modelPath))
    },
    async removeVariant(modelPath, variantId) {
      variants.remove(await engine.hashModel(modelPath), variantId)
      onVariantsChanged(modelPath)
      return {}
    },
    async exportVariant({ modelPath, variantId, path }) {
      const sourceSha256 = await engine.hashModel(modelPath)
      const variant = variants.find(sourceSha256, variantId)
      // What prepares its inputs goes with the model, so that a phone does the same.
      const card = evaluations.card(sourceSha256)
      const { sizeBytes } = await engine.copyModel(variant.modelPath, path, card ? { [PREPROCESSING_KEY]: JSON.stringify(card) } : {})
      return { path, sizeBytes }
    },
    async latestProfile(modelPath) {
      if (variants.isEmpty()) return null
      const variant = variants.at(modelPath)
      return variant ? variant.profile : variants.sourceProfile(await engine.hashModel(modelPath))
    },
    isVariant: (path) => variants.at(path) !== null,
    variantFiles(path) {
      const variant = variants.at(path)
      if (!variant) throw new AppError({ code: 'not-found', message: `'${path}' is not a file the studio hands out.` })
      return variants.files(variant)
    },
    async keep(job) {
      if (job.request.kind === 'optimize') return keepOptimized({ ...job, request: job.request })
      if (job.request.kind === 'ort-graph') return keepOrtGraph(job)
      if (job.request.kind === 'profile') await keepProfile(job.request.params.modelPath, job.snapshots[0], ProfileResult.parse(job.result))
      return job.result
    },
  }
}
