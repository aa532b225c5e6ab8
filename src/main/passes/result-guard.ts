import type { Diagnostic } from '#shared/diagnostic'
import { AppError } from '#shared/errors'
import type { ModelDocument, Transaction } from '#shared/onnx/document'
import type { RunningModel } from '../runtime/model-runner'
import { largestDrift } from './output-drift'
import type { CalibrationData, PassContext } from './pass'

/** What a pass that keeps results may move them by, relative to their size: float32 rounding, with room for sums in another order. */
const TOLERANCE = 1e-5

/** Compares the model before and after passes that should keep results. Both are sessions: the document itself changes. */
export class ResultGuard {
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

  /** Whether the model after `transaction` may stay. With no samples, or where onnxruntime never ran it, there is nothing to compare. */
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
