import { AppError } from '../../errors'
import type { Tensor } from '../records'
import { tensorNumbers } from '../tensor-data'
import { float32Text } from './number-text'

/** Tensors up to this size are shown by their values: axes, shapes, scales, zero points. */
const MAX_ELEMENTS = 6

/**
 * The values of a scalar or a short vector of numbers stored inside the model: `0.5`, `[0, 1]`. Null for all others, and for
 * a tensor whose values cannot be read, which the checker names.
 */
export function shortValues(tensor: Tensor): string | null {
  const { dims, data } = tensor
  if (dims.length > 1 || data.kind === 'external' || data.kind === 'strings' || (dims[0] ?? 1) > MAX_ELEMENTS) return null
  try {
    const numbers = tensorNumbers(tensor)
    const texts = Array.from<number | bigint, string>(numbers, (value) => (typeof value === 'bigint' ? String(value) : float32Text(value)))
    return dims.length === 0 ? (texts[0] ?? null) : `[${texts.join(', ')}]`
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}
