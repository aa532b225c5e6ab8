/** Two weights that hold the same matrix. */
import type { Tensor } from '#shared/onnx/records'
import { floatValues } from './weight-store'

/** Whether two float tensors have the same type, dims and values. */
export function isEqual(a: Tensor, b: Tensor): boolean {
  if (a.dataType !== b.dataType || a.dims.join() !== b.dims.join()) return false
  const values = floatValues(b)
  return floatValues(a).every((value, at) => value === values[at])
}

/** Whether `copy`, [columns, rows], is the matrix `table`, [rows, columns], turned. */
export function isTurnedCopy(copy: Tensor, table: Tensor): boolean {
  const [rows = 0, columns = 0] = table.dims
  if (copy.dataType !== table.dataType || copy.dims.length !== 2 || copy.dims[0] !== columns || copy.dims[1] !== rows) return false
  const values = floatValues(table)
  return floatValues(copy).every((value, at) => value === values[(at % rows) * columns + Math.floor(at / rows)])
}
