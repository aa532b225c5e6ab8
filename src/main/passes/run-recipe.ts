import type { Diagnostic } from '#shared/diagnostic'
import { AppError } from '#shared/errors'
import type { PassReport } from '#shared/ipc/jobs'
import { checkModel } from '#shared/onnx/check/check-model'
import type { ModelDocument, Transaction } from '#shared/onnx/document'
import type { Recipe } from '#shared/recipe'
import type { RunningModel } from '../runtime/model-runner'
import { largestDrift } from './output-drift'
import type { CalibrationData, PassContext } from './pass'
import { type ResolvedStep, resolveRecipe } from './resolve-recipe'

/** What a pass that keeps results may move them by, relative to their size: float32 rounding, with room for sums in another order. */
const TOLERANCE = 1e-5

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
  try {
    for (const [at, step] of steps.entries()) {
      throwIfCancelled(context)
      reports.push(await runStep(document, step, guard, inStep(context, at, steps.length)))
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
  const report = (diagnostic: Diagnostic) => void diagnostics.push(diagnostic)
  const nodesBefore = nodeCount(document)
  if (pass.keepsResults) await guard.prepare()
  const started = performance.now()
  context.progress(pass.name, 0)
  const transaction = await document.transact(pass.name, (edit) => pass.run(edit, options, { ...context, report }))
  const isKept = !pass.keepsResults || (await guard.accepts(transaction, report))
  if (!isKept) document.undo(transaction)
  if (!pass.keepsResults) await guard.close()
  context.progress(pass.name, 1)
  return {
    pass: pass.name,
    options,
    durationMs: performance.now() - started,
    changes: isKept ? transaction.changes.length : 0,
    nodesBefore,
    nodesAfter: nodeCount(document),
    diagnostics,
  }
}

/** Compares the model before and after passes that should keep results. Both are sessions: the document itself changes. */
class ResultGuard {
  #reference: RunningModel | null = null
  #isPrepared = false
  /** Whether onnxruntime ran the model as it came; null while that is not known. */
  sourceRuns: boolean | null = null

  constructor(
    readonly document: ModelDocument,
    readonly context: PassContext,
  ) {}

  /** Loads the model as it is now, unless that is loaded already. */
  async prepare(): Promise<void> {
    if (this.#isPrepared) return
    this.#isPrepared = true
    this.#reference = await this.#load()
    this.sourceRuns ??= this.#reference !== null
  }

  async accepts(transaction: Transaction, report: (diagnostic: Diagnostic) => void): Promise<boolean> {
    const { calibration } = this.context
    if (transaction.changes.length === 0 || !this.#reference || !calibration) return true
    const candidate = await this.#load()
    if (!candidate) {
      report({ severity: 'warning', code: 'pass-undone', message: `'${transaction.label}' was undone: onnxruntime does not load what it made.` })
      return false
    }
    try {
      const drift = await largestDrift(this.#reference, candidate, calibration)
      if (drift && drift.relative > TOLERANCE && drift.relative > 2 * (await this.#ownNoise(calibration))) {
        const size = Number.isFinite(drift.relative) ? `by ${drift.relative.toExponential(1)} of its size, more than ${TOLERANCE}` : 'to other values or another shape'
        report({ severity: 'warning', code: 'pass-undone', message: `'${transaction.label}' was undone: it moved output '${drift.output}' ${size}.`, valueName: drift.output })
        await candidate.close()
        return false
      }
    } catch (error) {
      await candidate.close()
      throw error
    }
    await this.#reference.close()
    this.#reference = candidate
    return true
  }

  /**
   * How far onnxruntime's own rewriting moves the outputs: where a model magnifies rounding, no rewrite stays within the tolerance,
   * and ours may do as much as theirs.
   */
  async #ownNoise(calibration: CalibrationData): Promise<number> {
    const plain = await this.context.runner.load(this.document, { optimization: 'none' })
    const optimized = await this.context.runner.load(this.document)
    try {
      return (await largestDrift(plain, optimized, calibration))?.relative ?? 0
    } finally {
      await plain.close()
      await optimized.close()
    }
  }

  async close(): Promise<void> {
    await this.#reference?.close()
    this.#reference = null
    this.#isPrepared = false
  }

  async #load(): Promise<RunningModel | null> {
    try {
      return await this.context.runner.load(this.document)
    } catch (error) {
      if (error instanceof AppError && error.code === 'runtime-rejected') return null
      throw error
    }
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
  return { ...context, progress: (phase, fraction, detail) => context.progress(phase, fraction === null ? null : (at + fraction) / steps, detail) }
}

function throwIfCancelled({ signal }: PassContext): void {
  if (signal.aborted) throw new AppError({ code: 'cancelled', message: 'The work was cancelled.' })
}

function nodeCount(document: ModelDocument): number {
  return document.graphs().reduce((total, graph) => total + graph.nodes.length, 0)
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error'
}
