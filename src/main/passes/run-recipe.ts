import type { Diagnostic } from '#shared/diagnostic'
import { AppError } from '#shared/errors'
import type { LayerChange, PassReport } from '#shared/ipc/jobs'
import { checkModel } from '#shared/onnx/check/check-model'
import type { ModelDocument } from '#shared/onnx/document'
import type { Recipe } from '#shared/recipe'
import type { PassContext } from './pass'
import { type ResolvedStep, resolveRecipe } from './resolve-recipe'
import { measureLayerQuality } from './recovery/layer-quality'
import { snapshotModel } from './recovery/snapshot-model'
import { ResultGuard } from './result-guard'

/** Layers are compared on so many samples at most: to watch them, not to judge. */
const COMPARED_SAMPLES = 8

/**
 * Runs the passes of `recipe` on `document`, each as one transaction. A pass that should keep results and moves an output by more than
 * 1e-5 (on the first samples of the calibration data) is taken back, with a diagnostic. At the end the model is checked and loaded.
 *
 * Diagnostics of a pass are in its report; `context.report` gets those about the whole. Where a pass throws, the passes before
 * it stay done: the caller throws the document away or undoes them.
 *
 * Throws AppError `invalid-recipe` before anything runs; what a pass throws; `cancelled`.
 */
export async function runRecipe(document: ModelDocument, recipe: Recipe, context: PassContext): Promise<PassReport[]> {
  const steps = resolveRecipe(recipe)
  const before = new Set(checkModel(document).filter(isError).map(({ message }) => message))
  const guard = new ResultGuard(document, context)
  const reports: PassReport[] = []
  let { float } = context
  try {
    for (const [at, step] of steps.entries()) {
      throwIfCancelled(context)
      if (step.pass.quantizes) float ??= snapshotModel(document)
      reports.push(await runStep(document, step, guard, { ...inStep(context, at, steps.length), float }))
    }
  } finally {
    await guard.close()
  }
  throwIfCancelled(context)
  const broken = checkModel(document).filter((finding) => isError(finding) && !before.has(finding.message))
  if (broken[0]) throw new Error(`internal: the recipe '${recipe.name}' made an invalid model: ${broken[0].message}`)
  await mustLoad(document, context, guard.sourceRuns)
  return reports
}

async function runStep(document: ModelDocument, { pass, options }: ResolvedStep, guard: ResultGuard, context: PassContext): Promise<PassReport> {
  const diagnostics: Diagnostic[] = []
  const layerChanges: LayerChange[] = []
  const report = (diagnostic: Diagnostic) => void diagnostics.push(diagnostic)
  const reportLayer = (change: LayerChange) => void layerChanges.push(change)
  const nodesBefore = nodeCount(document)
  const opsBefore = countOps(document)
  if (pass.keepsResults) await guard.prepare()
  const started = performance.now()
  context.progress(pass.name, 0)
  const transaction = await document.transact(pass.name, (edit) => pass.run(edit, options, { ...context, report, reportLayer }))
  const isKept = !pass.keepsResults || (await guard.accepts(transaction, report))
  if (!isKept) document.undo(transaction)
  if (!pass.keepsResults) await guard.close()
  const layers = isKept && transaction.changes.length > 0 && !pass.keepsResults && context.float ? await measureLayerQuality({ float: context.float, quantized: document.model, context, limit: COMPARED_SAMPLES }) : []
  context.progress(pass.name, 1)
  return {
    pass: pass.name,
    options,
    durationMs: performance.now() - started,
    changes: isKept ? transaction.changes.length : 0,
    nodesBefore,
    nodesAfter: nodeCount(document),
    opChanges: changesOf(opsBefore, countOps(document)),
    diagnostics,
    layers,
    layerChanges,
  }
}

/** What onnxruntime took before a recipe and refuses after it is our bug; what it never took is the model's. */
async function mustLoad(document: ModelDocument, context: PassContext, sourceRuns: boolean | null): Promise<void> {
  try {
    const running = await context.runner.load(document)
    await running.close()
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'runtime-rejected') throw error
    if (sourceRuns) throw new Error(`internal: onnxruntime loaded the source but not the result: ${error.message}`, { cause: error })
    context.report({ severity: 'warning', code: 'cannot-run', message: error.message, ...(error.hint !== undefined && { hint: error.hint }) })
  }
}

function inStep(context: PassContext, at: number, steps: number): PassContext {
  return { ...context, progress: (phase, fraction, ...rest) => context.progress(phase, fraction === null ? null : (at + fraction) / steps, ...rest) }
}

function throwIfCancelled({ signal }: PassContext): void {
  if (signal.aborted) throw new AppError({ code: 'cancelled', message: 'The work was cancelled.' })
}

function nodeCount(document: ModelDocument): number {
  return document.graphs().reduce((total, graph) => total + graph.nodes.length, 0)
}

function countOps(document: ModelDocument): Map<string, number> {
  const counts = new Map<string, number>()
  for (const graph of document.graphs()) for (const { opType } of graph.nodes) counts.set(opType, (counts.get(opType) ?? 0) + 1)
  return counts
}

function changesOf(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Record<string, number> {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  return Object.fromEntries(names.map((name): [string, number] => [name, (after.get(name) ?? 0) - (before.get(name) ?? 0)]).filter(([, change]) => change !== 0))
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error'
}
