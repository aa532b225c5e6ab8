import { AppError } from '../../errors'
import { DATA_TYPES } from '../data-type'
import type { Tensor } from '../records'
import { tensorNumbers } from '../tensor-data'
import { MAX_ELEMENTS } from './fact'

/** Types whose values shapes are computed from. */
const READABLE: ReadonlySet<number> = new Set(
  (['float32', 'float16', 'float64', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', 'uint32', 'uint64', 'bool'] as const).map((name) => DATA_TYPES[name].code),
)

/** Constants are read by many nodes and in every run over the graph; a tensor's record never changes. */
const known = new WeakMap<Tensor, readonly number[] | null>()

/** Elements of a small numeric constant as numbers, row-major; null where it is large, not numeric, or cannot be read. */
export function tensorElements(tensor: Tensor): readonly number[] | null {
  let elements = known.get(tensor)
  if (elements === undefined) {
    elements = readElements(tensor)
    known.set(tensor, elements)
  }
  return elements
}

function readElements(tensor: Tensor): readonly number[] | null {
  const count = tensor.dims.reduce((product, dim) => product * dim, 1)
  if (count > MAX_ELEMENTS || !READABLE.has(tensor.dataType)) return null
  try {
    return Array.from<number | bigint, number>(tensorNumbers(tensor), Number)
  } catch (error) {
    // Missing external data or a tensor shorter than its shape: opening and checking say so, here it is only unknown.
    if (error instanceof AppError) return null
    throw error
  }
}
