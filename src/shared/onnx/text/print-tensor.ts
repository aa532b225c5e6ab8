import { AppError } from '../../errors'
import { dataTypeName } from '../data-type'
import type { Tensor } from '../records'
import { tensorBytes, tensorNumbers, tensorStrings } from '../tensor-data'
import { elementWord, floatWord, nameWord, quoted, shapeWord } from './print-words'

/** Longer tensors are printed without their values. */
const MAX_VALUES = 16

export interface PrintedTensor {
  readonly text: string
  /** What the text leaves out, for a comment behind it; null where nothing is. */
  readonly remark: string | null
}

/** `float[2] w = {1.0, 2.0}`; for an attribute's tensor, which need not have a name, `float[2] {1.0, 2.0}`. */
export function printTensor(tensor: Tensor, use: 'initializer' | 'attribute'): PrintedTensor {
  const head = `${elementWord(tensor.dataType)}${shapeWord(tensor.dims)}`
  const named = use === 'initializer' ? `${head} ${nameWord(tensor.name)} = ` : `${head} `
  const { data } = tensor
  if (data.kind === 'external') {
    if (use === 'attribute') return { text: `${named}{}`, remark: 'external data' }
    return { text: `${named}[${data.entries.map(({ key, value }) => `${quoted(key)}: ${quoted(value)}`).join(', ')}]`, remark: null }
  }
  const count = tensor.dims.reduce((product, dim) => product * dim, 1)
  if (count > MAX_VALUES) return { text: `${named}{}`, remark: `${count} values` }
  try {
    return { text: `${named}{${valueWords(tensor).join(', ')}}`, remark: null }
  } catch (error) {
    // A broken tensor still has a line; the checker says what is wrong with it.
    if (!(error instanceof AppError)) throw error
    return { text: `${named}{}`, remark: `unreadable: ${error.message}` }
  }
}

function valueWords(tensor: Tensor): string[] {
  const name = dataTypeName(tensor.dataType)
  switch (name) {
    case 'string':
      return tensorStrings(tensor).map(quoted)
    case 'float32':
    case 'complex64':
      return Array.from<number | bigint, string>(tensorNumbers(tensor), (value) => floatWord(Number(value)))
    case 'float64':
    case 'complex128':
      return Array.from<number | bigint, string>(tensorNumbers(tensor), (value) => floatWord(Number(value), String))
    // The text form has bit patterns for floats that C++ has no type for.
    case 'float16':
    case 'bfloat16': {
      const bytes = tensorBytes(tensor)
      return Array.from({ length: bytes.length / 2 }, (_, at) => String((bytes[2 * at] ?? 0) | ((bytes[2 * at + 1] ?? 0) << 8)))
    }
    case 'float8e4m3fn':
    case 'float8e4m3fnuz':
    case 'float8e5m2':
    case 'float8e5m2fnuz':
    case 'float8e8m0':
      return Array.from(tensorBytes(tensor), String)
    default:
      return Array.from<number | bigint, string>(tensorNumbers(tensor), String)
  }
}
