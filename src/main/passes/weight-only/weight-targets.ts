import { floatAttribute, intAttribute } from '#shared/onnx/attributes'
import { sameDomain } from '#shared/onnx/document'
import type { Graph, Node, Tensor } from '#shared/onnx/records'
import { constantTensor } from '../constants'
import type { ReadonlyDocument } from '../pass'
import { notApplicable, type Refusal, refuse } from '../refusal'
import { floatValues, quantizableWeight } from '../weight-store'
import { transposeMatrix, type WeightMatrix } from './block-weights'

/** A node whose weight can be stored in blocks. */
export interface WeightTarget {
  readonly graph: Graph
  readonly node: Node
  /** Product: MatMul or Gemm. Table: Gather of rows. */
  readonly kind: 'product' | 'table'
  readonly weight: Tensor
  /** Whether the weight is [rows, columns] as it stands; else [columns, rows]. Blocks lie along columns, which products sum over. */
  readonly rowsFirst: boolean
  readonly rows: number
  readonly columns: number
}

export interface TargetNeeds {
  readonly minElements: number
  readonly blockSize: number
}

/** What can be quantized of a node, or why nothing. Other operators: not applicable. */
export function weightTarget(document: ReadonlyDocument, graph: Graph, node: Node, needs: TargetNeeds): WeightTarget | Refusal {
  if (!sameDomain(node.domain, '')) return notApplicable('it is no MatMul, Gemm or Gather')
  const found = node.opType === 'Gather' ? tableOf(document, graph, node, needs) : productOf(document, graph, node, needs)
  if ('reason' in found) return found
  if (found.columns < needs.blockSize) return notApplicable('its weight has rows shorter than a block')
  return found
}

function productOf(document: ReadonlyDocument, graph: Graph, node: Node, { minElements }: TargetNeeds): WeightTarget | Refusal {
  if (node.opType !== 'MatMul' && node.opType !== 'Gemm') return notApplicable('it is no MatMul, Gemm or Gather')
  const weight = quantizableWeight(document, { graph, name: node.inputs[1], rank: 2, elements: minElements })
  if ('reason' in weight) return weight
  if (constantTensor(document, graph, node.inputs[0] ?? '')) return notApplicable('both inputs are constants')
  if (weight.dims.length !== 2) return refuse('its weight is more than one matrix')
  if (node.opType === 'Gemm') {
    if (intAttribute(node, 'transA', 0) !== 0) return refuse('its first input is transposed')
    if (floatAttribute(node, 'alpha', 1) !== 1 || (node.inputs[2] && floatAttribute(node, 'beta', 1) !== 1)) return refuse('it scales its result (alpha, beta)')
  }
  const rowsFirst = node.opType === 'Gemm' && intAttribute(node, 'transB', 0) !== 0
  return target({ graph, node, kind: 'product', weight, rowsFirst })
}

function tableOf(document: ReadonlyDocument, graph: Graph, node: Node, { minElements }: TargetNeeds): WeightTarget | Refusal {
  const weight = quantizableWeight(document, { graph, name: node.inputs[0], rank: 2, elements: minElements })
  if ('reason' in weight) return weight
  if (weight.dims.length !== 2) return refuse('its table is more than one matrix')
  if (intAttribute(node, 'axis', 0) !== 0) return refuse('it takes columns of its table, not rows')
  return target({ graph, node, kind: 'table', weight, rowsFirst: true })
}

function target(fields: Omit<WeightTarget, 'rows' | 'columns'>): WeightTarget {
  const [first = 0, second = 0] = fields.weight.dims
  return { ...fields, rows: fields.rowsFirst ? first : second, columns: fields.rowsFirst ? second : first }
}

/** The weight's values, [rows, columns]. */
export function matrixOf({ weight, rowsFirst, rows, columns }: WeightTarget): WeightMatrix {
  const values = floatValues(weight)
  return { values: rowsFirst ? values : transposeMatrix(values, columns, rows), rows, columns }
}

/** What is quantized once: one weight read in two ways has other codes in each. */
export function weightKey({ weight, kind, rowsFirst }: WeightTarget): string {
  return JSON.stringify([weight.name, kind, rowsFirst])
}
