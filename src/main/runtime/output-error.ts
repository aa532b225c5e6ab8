/** How far the outputs of a changed model are from those of its source, over all samples. */
import type { Diagnostic } from '#shared/diagnostic'
import type { OutputError } from '#shared/measurement'
import { dataTypeName } from '#shared/onnx/data-type'
import type { ModelDocument } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import { numbersFromBytes, type TensorNumbers } from '#shared/onnx/tensor-data'
import type { CalibrationData } from '../passes/pass'
import type { ModelRunner, RunningModel, TensorValue } from './model-runner'

/** Where the reference is zero everywhere and the other is not, the ratio has no logarithm: this stands for it. */
const LOWEST_SQNR_DB = -200

export interface OutputErrorOptions {
  readonly runner: ModelRunner
  /** A model, or the path of one. */
  readonly reference: Model | ModelDocument | string
  readonly candidate: Model | ModelDocument | string
  readonly data: CalibrationData
  /** Samples to compare; all by default. */
  readonly limit?: number
  readonly signal?: AbortSignal
  /** After each sample. */
  readonly progress?: (done: number, total: number) => void
  /** Outputs that could not be compared, and NaN. */
  readonly report?: (diagnostic: Diagnostic) => void
}

/**
 * Runs both models on the same samples, one at a time, with integer kernels that do not saturate (what a phone computes),
 * and compares every output that is a tensor of numbers. The result is in the order of the reference's outputs.
 *
 * Outputs that the candidate lacks, or whose shape differs (they depend on the data, as those of NonMaxSuppression do),
 * are reported and left out. Throws AppError `runtime-rejected` where one of the models does not run.
 */
export async function measureOutputError(options: OutputErrorOptions): Promise<OutputError[]> {
  const { runner, data, signal, progress, report = () => undefined } = options
  const total = Math.min(options.limit ?? Infinity, data.sampleCount)
  const reference = await start(runner, options.reference)
  try {
    const candidate = await start(runner, options.candidate)
    try {
      const names = reference.outputNames.filter((name) => candidate.outputNames.includes(name))
      for (const name of reference.outputNames) {
        if (!names.includes(name)) report({ severity: 'warning', code: 'output-missing', message: `The result has no output '${name}' to compare.`, valueName: name })
      }
      const meters = new Map(names.map((name) => [name, new OutputErrorMeter(name)]))
      if (names.length === 0) return []
      let done = 0
      for await (const feeds of data.samples()) {
        signal?.throwIfAborted()
        const expected = await reference.run(feeds, names)
        const actual = await candidate.run(feeds, names)
        for (const [name, meter] of meters) meter.add(expected.get(name), actual.get(name))
        done++
        progress?.(done, total)
        if (done === total) break
      }
      return [...meters.values()].flatMap((meter) => meter.finish(report) ?? [])
    } finally {
      await candidate.close()
    }
  } finally {
    await reference.close()
  }
}

function start(runner: ModelRunner, model: Model | ModelDocument | string): Promise<RunningModel> {
  return typeof model === 'string' ? runner.loadFile(model, { exactIntegers: true }) : runner.load(model, { exactIntegers: true })
}

/**
 * Sums over one output, in float64. A value that is NaN or infinite in only one of the two counts as 0 there, so that
 * the error is as large as the other value, and is reported; where both are, and the same, they are equal.
 */
export class OutputErrorMeter {
  readonly #output: string
  #elements = 0
  #referenceSquares = 0
  #candidateSquares = 0
  #products = 0
  #errorSquares = 0
  #maxAbs = 0
  #notFinite = 0
  #otherShapes = 0
  #samples = 0
  #notNumbers = false

  constructor(output: string) {
    this.#output = output
  }

  add(reference: TensorValue | undefined, candidate: TensorValue | undefined): void {
    if (!reference || !candidate) throw new Error(`internal: output '${this.#output}' was not fetched`)
    this.#samples++
    const expected = numbersOf(reference)
    const actual = numbersOf(candidate)
    if (!expected || !actual) {
      this.#notNumbers = true
      return
    }
    if (reference.dims.join() !== candidate.dims.join()) {
      this.#otherShapes++
      return
    }
    this.#addPairs(expected, actual)
    this.#elements += expected.length
  }

  #addPairs(reference: TensorNumbers, candidate: TensorNumbers): void {
    // Sums in local variables: outputs have millions of elements.
    let referenceSquares = 0
    let candidateSquares = 0
    let products = 0
    let errorSquares = 0
    let maxAbs = 0
    for (let at = 0; at < reference.length; at++) {
      let a = Number(reference[at])
      let b = Number(candidate[at])
      if (!Number.isFinite(a) || !Number.isFinite(b)) {
        if (Object.is(a, b)) continue
        this.#notFinite++
        a = Number.isFinite(a) ? a : 0
        b = Number.isFinite(b) ? b : 0
      }
      const difference = a - b
      referenceSquares += a * a
      candidateSquares += b * b
      products += a * b
      errorSquares += difference * difference
      maxAbs = Math.max(maxAbs, Math.abs(difference))
    }
    this.#referenceSquares += referenceSquares
    this.#candidateSquares += candidateSquares
    this.#products += products
    this.#errorSquares += errorSquares
    this.#maxAbs = Math.max(this.#maxAbs, maxAbs)
  }

  /** Null where nothing could be compared. */
  finish(report: (diagnostic: Diagnostic) => void): OutputError | null {
    const output = this.#output
    if (this.#notFinite > 0) {
      report({
        severity: 'error',
        code: 'output-not-finite',
        message: `Output '${output}' is NaN or infinite at ${this.#notFinite} of ${this.#elements} elements where the source is not, or the other way round.`,
        hint: 'A range or a precision is too small somewhere; leave the layers before this output as they were.',
        valueName: output,
      })
    }
    if (this.#otherShapes > 0) {
      report({
        severity: 'warning',
        code: 'output-shape-differs',
        message: `Output '${output}' has another shape than the source's for ${this.#otherShapes} of ${this.#samples} samples; these were not compared.`,
        valueName: output,
      })
    }
    if (this.#notNumbers) report({ severity: 'info', code: 'output-not-compared', message: `Output '${output}' is not a tensor of numbers and was not compared.`, valueName: output })
    if (this.#notNumbers || this.#samples === this.#otherShapes) return null
    const equal = this.#errorSquares === 0
    return {
      output,
      sqnrDb: equal ? null : Math.max(LOWEST_SQNR_DB, 10 * Math.log10(this.#referenceSquares / this.#errorSquares)),
      cosine: equal ? 1 : this.#cosine(),
      maxAbs: this.#maxAbs,
      elements: this.#elements,
    }
  }

  #cosine(): number {
    const norms = Math.sqrt(this.#referenceSquares) * Math.sqrt(this.#candidateSquares)
    return norms === 0 ? 0 : Math.max(-1, Math.min(1, this.#products / norms))
  }
}

function numbersOf(value: TensorValue): TensorNumbers | null {
  const name = dataTypeName(value.dataType)
  if (name === null || value.strings) return null
  return numbersFromBytes(
    name,
    value.bytes,
    value.dims.reduce((a, b) => a * b, 1),
  )
}
