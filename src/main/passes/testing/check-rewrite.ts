import { expect } from 'vitest'
import { ModelDocument } from '#shared/onnx/document'
import { buildModel, type ModelSpec } from '#shared/onnx/testing/build-model'
import { checkModel } from '#shared/onnx/check/check-model'
import type { Pass } from '../pass'
import { opCounts, outputsOf, relativeError, runPass, snapshot, testData } from './run-pass'

export interface Rewrite {
  readonly pass: Pass
  readonly options?: Record<string, unknown>
  /** Shapes of the inputs to run on. */
  readonly inputs: Readonly<Record<string, readonly number[]>>
  /** Nodes of each operator afterwards. */
  readonly counts: Readonly<Record<string, number>>
}

/**
 * The pass makes `spec` a model of `counts` that gives the same within 1e-5 and passes the checker; a second run finds nothing to do; undo
 * gives back the very bytes.
 */
export async function checkRewrite(spec: ModelSpec, { pass, options, inputs, counts }: Rewrite): Promise<void> {
  const data = testData(inputs)
  const before = await outputsOf(buildModel(spec), data)
  const { document, transaction } = await runPass(buildModel(spec), pass, options)
  expect(opCounts(document)).toEqual(counts)
  expect(relativeError(before, await outputsOf(document, data))).toBeLessThan(1e-5)
  expect(checkModel(document).filter(({ severity }) => severity === 'error')).toEqual([])
  expect((await runPass(document, pass, options)).transaction.changes).toEqual([])
  document.undo(transaction)
  expect(snapshot(document)).toEqual(snapshot(new ModelDocument(buildModel(spec))))
}

/** The pass leaves `spec` as it is. */
export async function checkDeclined(spec: ModelSpec, pass: Pass, options?: Record<string, unknown>): Promise<void> {
  const { transaction } = await runPass(buildModel(spec), pass, options)
  expect(transaction.changes.map(({ kind }) => kind)).toEqual([])
}
