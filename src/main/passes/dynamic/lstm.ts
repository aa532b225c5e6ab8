import { intAttribute } from '#shared/onnx/attributes'
import type { Graph, Node, Tensor } from '#shared/onnx/records'
import { type QuantizedArray, quantizedArray, type QuantizedWeights } from '../quantize-numerics'
import type { WeightForm } from '../weight-store'
import { notApplicable, type Refusal, refuse } from '../refusal'
import type { DynamicQuantizer } from './dynamic-quantizer'

/**
 * LSTM with constant W and R → com.microsoft DynamicQuantizeLSTM, whose weights are `[directions, inputs, 4·hidden]`: ONNX's, turned.
 * One scale for each direction, or for each row of a direction.
 */
export function quantizeLstm(quantizer: DynamicQuantizer, graph: Graph, node: Node): Refusal | null {
  const weight = quantizer.weight(graph, node.inputs[1], 3)
  if ('reason' in weight) return weight
  const recurrence = quantizer.weight(graph, node.inputs[2], 3)
  if ('reason' in recurrence) return recurrence
  if (!node.inputs[0]) return notApplicable('an input is missing')
  if (intAttribute(node, 'layout', 0) !== 0) return refuse('its batch comes first (layout = 1)')

  const w = quantizer.weights.store(graph, weight.name, weightForm(quantizer, weight))
  const r = quantizer.weights.store(graph, recurrence.name, weightForm(quantizer, recurrence))
  const optional = Array.from({ length: 5 }, (_, at) => node.inputs[at + 3] ?? '')
  quantizer.edit.requireOpset('com.microsoft', 1)
  quantizer.edit.updateNode(graph, node, {
    opType: 'DynamicQuantizeLSTM',
    domain: 'com.microsoft',
    inputs: [node.inputs[0], w.values, r.values, ...optional, w.scale, w.zeroPoint, r.scale, r.zeroPoint],
    attributes: node.attributes.filter(({ name }) => name !== 'layout'),
  })
  return null
}

function weightForm({ options }: DynamicQuantizer, { dims }: Tensor): WeightForm {
  const [directions = 0, rows = 0, columns = 0] = dims
  const layout = options.perChannel ? { dims: [directions * rows, columns], axis: 0 } : { dims, axis: 0 }
  return {
    layout,
    options: { type: options.weightType, symmetric: true, reduceRange: options.reduceRange },
    scaleDims: options.perChannel ? [directions, rows] : [directions],
    rearrange: { key: 'lstm', apply: (weights) => turn(weights, [directions, rows, columns]) },
  }
}

function turn(weights: QuantizedWeights, [directions, rows, columns]: readonly [number, number, number]): { dims: number[]; values: QuantizedArray } {
  const values = quantizedArray(weights.type, weights.values.length)
  for (let direction = 0; direction < directions; direction++) {
    const start = direction * rows * columns
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) values[start + column * rows + row] = weights.values[start + row * columns + column] as number
    }
  }
  return { dims: [directions, columns, rows], values }
}
