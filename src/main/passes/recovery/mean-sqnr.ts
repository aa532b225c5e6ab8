import type { ModelDocument } from '#shared/onnx/document'
import type { Model } from '#shared/onnx/records'
import { measureOutputError } from '../../runtime/output-error'
import type { PassContext } from '../pass'

/** Stands for outputs that are equal. */
const EQUAL_DB = 200

/** SQNR (dB) of a document's outputs beside the float model's over at most `limit` samples, the mean of the outputs; 0 without data. */
export async function meanSqnr(document: ModelDocument, { float, context, limit }: { float: Model; context: PassContext; limit: number }): Promise<number> {
  const { calibration, runner, signal } = context
  if (!calibration) return 0
  const errors = await measureOutputError({ runner, reference: float, candidate: document, data: calibration, limit, signal })
  return errors.reduce((sum, { sqnrDb }) => sum + (sqnrDb ?? EQUAL_DB) / errors.length, 0)
}
