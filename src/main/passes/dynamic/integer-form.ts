/** Tables that static quantization has stored in integers already, for the products that they are shared with. */
import { findAttribute, intAttribute, makeInts } from '#shared/onnx/attributes'
import { type DataTypeName, dataTypeName } from '#shared/onnx/data-type'
import { type Edit, sameDomain } from '#shared/onnx/document'
import type { Graph, Node, Tensor } from '#shared/onnx/records'
import { bytesOf, rawTensor, tensorBytes, tensorFloats } from '#shared/onnx/tensor-data'
import { constantTensor, isFloat32 } from '../constants'
import { realValues } from '../real-values'
import { floatValues } from '../weight-store'
import type { QuantizedRows } from './gather-rows'

/** Real values may be this much further than half a step from the table's, for float32's rounding. */
const HALF_STEP = 0.5 + 1e-4

interface IntegerForm {
  readonly node: Node
  readonly values: Tensor
  readonly type: 'int8' | 'uint8'
  readonly scale: Tensor
  /** One for all. */
  readonly zeroPoint: number
  readonly isTurned: boolean
}

/**
 * The integers of a DequantizeLinear of the graph that gives `table`, [rows, columns], or it turned, to the nearest step, with a scale for each
 * row or one for all. Turned ones are stored as rows, and turned again for the product: onnxruntime does that when it loads the model.
 */
export function findIntegerForm(edit: Edit, owner: Graph, table: Tensor): QuantizedRows | null {
  for (const node of owner.nodes) {
    const form = node.opType === 'DequantizeLinear' && sameDomain(node.domain, '') && table.dims.length === 2 ? formOf(edit, owner, node, table) : null
    if (form) return asRows(edit, owner, table, form)
  }
  return null
}

function formOf(edit: Edit, owner: Graph, node: Node, table: Tensor): IntegerForm | null {
  const [values, scale, zeroPoint] = [0, 1, 2].map((at) => constantTensor(edit.document, owner, node.inputs[at] ?? ''))
  const type = values ? dataTypeName(values.dataType) : null
  if (!values || !scale || !isFloat32(scale) || (type !== 'int8' && type !== 'uint8') || findAttribute(node, 'block_size')) return null
  const [rows = 0, columns = 0] = table.dims
  const axis = intAttribute(node, 'axis', 1)
  const scales = floatValues(scale)
  const isTurned = values.dims.join() === [columns, rows].join() && (scales.length === 1 || axis === 1)
  if (!isTurned && (values.dims.join() !== table.dims.join() || (scales.length > 1 && axis !== 0))) return null
  const zeros = zeroPoint ? [...new Set(tensorFloats(zeroPoint))] : [0]
  const [zero = 0] = zeros
  if (zeros.length > 1) return null
  const real = realValues(values, { scale, zeroPoint: zeroPoint ?? null, axis })
  const expected = floatValues(table)
  const isNear = expected.every((value, at) => {
    const row = Math.floor(at / columns)
    const found = real[isTurned ? (at % columns) * rows + row : at] ?? NaN
    return Math.abs(found - value) <= HALF_STEP * Math.abs(scales.length === 1 ? (scales[0] ?? 0) : (scales[row] ?? 0))
  })
  return isNear ? { node, values, type, scale, zeroPoint: zero, isTurned } : null
}

function asRows(edit: Edit, owner: Graph, table: Tensor, { node, values, type, scale, zeroPoint, isTurned }: IntegerForm): QuantizedRows {
  const [rows = 0] = table.dims
  const store = (suffix: string, dataType: DataTypeName, dims: readonly number[], bytes: Uint8Array) => {
    const name = edit.freshName(owner, `${table.name}.${suffix}`)
    edit.setInitializer(owner, rawTensor(name, dataType, dims, bytes))
    return name
  }
  const scales = floatValues(scale)
  const perRow = scales.length > 1
  const names = {
    values: isTurned ? store('rows', type, table.dims, turned(tensorBytes(values), table.dims)) : values.name,
    scale: store('row_scale', 'float32', perRow ? [rows, 1] : [], bytesOf(scales)),
    zeroPoint: store('row_zp', type, [], Uint8Array.of(zeroPoint)),
  }
  if (isTurned) {
    const back = edit.freshName(owner, `${names.values}.turned`)
    edit.addNode(owner, { opType: 'Transpose', inputs: [names.values], outputs: [back], attributes: [makeInts('perm', [1, 0])] }, { before: node })
    edit.setInput(owner, node, 0, back)
    if (edit.document.uses(owner, values.name).length === 0) edit.removeInitializer(owner, values.name)
  }
  return { owner, stored: names, perRow }
}

/** [rows, columns] from [columns, rows]. */
function turned(bytes: Uint8Array, [rows = 0, columns = 0]: readonly number[]): Uint8Array {
  return Uint8Array.from({ length: rows * columns }, (_, at) => bytes[(at % columns) * rows + Math.floor(at / columns)] ?? 0)
}
