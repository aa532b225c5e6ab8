import { DATA_TYPES } from '../../data-type'
import type { Dim } from '../../records'
import { addDims, broadcastShapes, normalizeAxis, withDim } from '../dims'
import { type Fact, tensorFact } from '../fact'
import type { NodeContext, Rule, RuleTable } from '../node-context'

const { uint8, float32, int32 } = DATA_TYPES

/** The zero point gives the type, else `output_dtype`, else uint8. */
function quantize(node: NodeContext): Fact[] {
  return [tensorFact(node.has(2) ? node.dataType(2) : node.int('output_dtype', 0) || uint8.code, node.shape(0))]
}

function dequantize(node: NodeContext): Fact[] {
  return [tensorFact(node.int('output_dtype', 0) || node.dataType(1), node.shape(0))]
}

function dynamicQuantize(node: NodeContext): Fact[] {
  return [tensorFact(uint8.code, node.shape(0)), tensorFact(float32.code, []), tensorFact(uint8.code, [])]
}

/** A with its scale and zero point, B with its own, then the output's. */
const qlinearBinary: Rule = (node) => [tensorFact(node.dataType(0), broadcastShapes([node.shape(0), node.shape(3)]))]

/** Output scale and zero point, then tensor, scale, zero point for each input. */
function qlinearConcat(node: NodeContext): Fact[] {
  const shapes = node.inputs.flatMap((_, at) => (at >= 2 && (at - 2) % 3 === 0 ? [node.shape(at)] : []))
  const [first] = shapes
  const axis = first ? normalizeAxis(node.int('axis', 0), first.length) : null
  if (!first || axis === null) return [tensorFact(node.dataType(1), null)]
  return [tensorFact(node.dataType(1), withDim(first, axis, shapes.reduce<Dim>((sum, shape) => addDims(sum, shape?.[axis] ?? null), 0)))]
}

/** condition, X with scale and zero point, Y with its own, then the output's */
const qlinearWhere: Rule = (node) => [tensorFact(node.dataType(1), broadcastShapes([node.shape(0), node.shape(1), node.shape(4)]))]

export const quantizationRules: RuleTable = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: dynamicQuantize,
  'com.microsoft:QuantizeLinear': quantize,
  'com.microsoft:DequantizeLinear': dequantize,
  'com.microsoft:QLinearAdd': qlinearBinary,
  'com.microsoft:QLinearMul': qlinearBinary,
  'com.microsoft:QLinearConcat': qlinearConcat,
  'com.microsoft:QLinearWhere': qlinearWhere,
  'com.microsoft:MulInteger': (node) => [tensorFact(int32.code, broadcastShapes([node.shape(0), node.shape(node.inputs.length > 2 ? 2 : 1)]))],
}
