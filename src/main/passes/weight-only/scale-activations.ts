import { sameDomain, type Edit } from '#shared/onnx/document'
import type { Node, Tensor } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import type { MatrixProducts } from '../../runtime/linear-algebra'
import { constantTensor, elementsOf, isFloat32, isReadable } from '../constants'
import { floatValues } from '../weight-store'
import { type BlockFormat, dequantizeBlocks, quantizeBlocks, transposeMatrix, type WeightMatrix } from './block-weights'
import type { InputMoments } from './input-moments'
import { roundToNearest } from './round-to-nearest'
import { matrixOf, type WeightTarget } from './weight-targets'

/** Strengths tried, of 1: how much of a column's magnitude moves into the weights. */
const STEPS = 20
const SMALLEST_SCALE = 1e-4
/** Output channels of a weight that the search looks at: what suits an even choice of many suits all. */
const SEARCHED_ROWS = 512

/** A constant that multiplies, or is added to, an activation; and where the node reads it. */
interface Multiplier {
  readonly node: Node
  readonly input: number
  readonly tensor: Tensor
}

/**
 * The constants by which activation `name` is made, all of which can be divided by a scale for each of its columns so that it comes out
 * divided; null where there are none, or where others than `targets` read the activation or what lies between.
 */
export function multipliersOf(edit: Edit, name: string, targets: readonly WeightTarget[]): Multiplier[] | null {
  const columns = targets[0]?.columns ?? 0
  if (!isReadOnlyBy(edit, name, targets)) return null
  const definition = edit.document.index(edit.main).definition(name)
  if (definition?.kind !== 'node') return null
  const { node } = definition
  if (definition.output === 0 && isNormalization(node)) {
    return multipliers(edit, columns, [[node, 1], ...(node.inputs[2] ? ([[node, 2]] as const) : [])])
  }
  if (!sameDomain(node.domain, '')) return null
  const constant = node.inputs.findIndex((input) => constantTensor(edit.document, edit.main, input))
  if (constant < 0) return null
  if (node.opType === 'Mul') return multipliers(edit, columns, [[node, constant]])
  if (node.opType !== 'Add') return null
  // The end of a normalization in single steps: x · scale + shift.
  const product = node.inputs[1 - constant] ?? ''
  const inner = edit.document.index(edit.main).definition(product)
  if (inner?.kind !== 'node' || inner.node.opType !== 'Mul' || !sameDomain(inner.node.domain, '') || edit.document.uses(edit.main, product).length !== 1) return null
  const scale = inner.node.inputs.findIndex((input) => constantTensor(edit.document, edit.main, input))
  return scale < 0 ? null : multipliers(edit, columns, [[node, constant], [inner.node, scale]])
}

function isNormalization({ opType, domain }: Node): boolean {
  return sameDomain(domain, '') && ['LayerNormalization', 'RMSNormalization', 'SimplifiedLayerNormalization'].includes(opType)
}

function isReadOnlyBy(edit: Edit, name: string, targets: readonly WeightTarget[]): boolean {
  const ids = new Set(targets.map(({ node }) => node.id))
  return edit.document.uses(edit.main, name).every(({ node, input }) => node !== null && input === 0 && ids.has(node.id))
}

function multipliers(edit: Edit, columns: number, places: readonly (readonly [Node, number])[]): Multiplier[] | null {
  const found = places.flatMap(([node, input]): Multiplier[] => {
    const tensor = constantTensor(edit.document, edit.main, node.inputs[input] ?? '')
    const isVector = tensor && isFloat32(tensor) && isReadable(tensor) && tensor.dims.at(-1) === columns && elementsOf(tensor.dims) === columns
    return isVector ? [{ node, input, tensor }] : []
  })
  return found.length === places.length ? found : null
}

/**
 * The scale for each column, [columns], with which the products of `targets` change least (Lin et al. 2023, AWQ): mean magnitude to a
 * power from 0 to 1, the power searched by the change of the products over the calibration samples. Null where none is better than 1.
 */
export async function searchScales(targets: readonly WeightTarget[], moments: InputMoments, format: BlockFormat, products: MatrixProducts): Promise<Float32Array | null> {
  const squares = Float32Array.from(moments.squares)
  const matrices = targets.map((target) => someRows(matrixOf(target)))
  let best: { scales: Float32Array | null; error: number } | null = null
  for (let step = 0; step < STEPS; step++) {
    const scales = scalesAt(moments, step / STEPS)
    let error = 0
    for (const { values, rows, columns } of matrices) {
      const scaled = values.map((value, at) => value * (scales[at % columns] as number))
      const real = dequantizeBlocks(quantizeBlocks({ values: scaled, rows, columns }, format, roundToNearest(format)))
      const difference = transposeMatrix(real.map((value, at) => value / (scales[at % columns] as number) - (values[at] as number)), rows, columns)
      const effect = await products.transposedProduct(squares, difference, { inner: columns, rows: columns, columns: rows })
      for (let at = 0; at < effect.length; at++) error += (effect[at] as number) * (difference[at] as number)
    }
    if (!best || error < best.error) best = { scales: step === 0 ? null : scales, error }
  }
  return best?.scales ?? null
}

function someRows({ values, rows, columns }: WeightMatrix): WeightMatrix {
  if (rows <= SEARCHED_ROWS) return { values, rows, columns }
  const chosen = new Float32Array(SEARCHED_ROWS * columns)
  for (let at = 0; at < SEARCHED_ROWS; at++) {
    const row = Math.floor((at * rows) / SEARCHED_ROWS)
    chosen.set(values.subarray(row * columns, (row + 1) * columns), at * columns)
  }
  return { values: chosen, rows: SEARCHED_ROWS, columns }
}

function scalesAt({ meanMagnitudes }: InputMoments, power: number): Float32Array {
  const scales = Float32Array.from(meanMagnitudes, (magnitude) => Math.max(SMALLEST_SCALE, magnitude ** power))
  // Centred, so that neither side leaves the range of float32.
  const middle = Math.sqrt(Math.max(...scales) * Math.min(...scales))
  return scales.map((scale) => scale / middle)
}

/** Divides the activation by `scales` where it is made, and multiplies the weights that read it. */
export function moveScales(edit: Edit, targets: readonly WeightTarget[], made: readonly Multiplier[], scales: Float32Array): void {
  for (const { node, input, tensor } of made) {
    const name = edit.freshName(edit.main, `${tensor.name}.scaled`)
    edit.setInitializer(edit.main, rawTensor(name, 'float32', tensor.dims, bytesOf(floatValues(tensor).map((value, at) => value / (scales[at] as number)))))
    edit.setInput(edit.main, node, input, name)
    if (edit.document.uses(edit.main, tensor.name).length === 0) edit.removeInitializer(edit.main, tensor.name)
  }
  const renamed = new Map<string, string>()
  for (const { node, weight, rowsFirst, rows, columns } of targets) {
    const key = JSON.stringify([weight.name, rowsFirst])
    let name = renamed.get(key)
    if (name === undefined) {
      renamed.set(key, (name = edit.freshName(edit.main, `${weight.name}.scaled`)))
      const scaled = floatValues(weight).map((value, at) => value * (scales[rowsFirst ? at % columns : Math.floor(at / rows)] as number))
      edit.setInitializer(edit.main, rawTensor(name, 'float32', weight.dims, bytesOf(scaled)))
    }
    edit.setInput(edit.main, node, 1, name)
    if (edit.document.uses(edit.main, weight.name).length === 0) edit.removeInitializer(edit.main, weight.name)
  }
}
