import type { Graph, Node } from '#shared/onnx/records'
import { notApplicable, type Refusal, refuse } from '../refusal'
import type { DynamicQuantizer } from './dynamic-quantizer'

/** What QAttention knows of Attention's attributes. */
const KNOWN_ATTRIBUTES = new Set(['num_heads', 'unidirectional', 'mask_filter_value', 'scale', 'do_rotary', 'past_present_share_buffer'])

/** com.microsoft Attention with constant weights and bias → QAttention. */
export function quantizeAttention(quantizer: DynamicQuantizer, graph: Graph, node: Node): Refusal | null {
  const [input, weightName, bias, mask = '', past = '', attentionBias = '', pastLength = ''] = node.inputs
  const weight = quantizer.weight(graph, weightName, 2)
  if ('reason' in weight) return weight
  if (!input) return notApplicable('an input is missing')
  if (!bias) return refuse('it has no bias, which QAttention wants')
  if (attentionBias !== '' || pastLength !== '') return refuse('QAttention takes no attention bias and no past length')
  const unknown = node.attributes.find(({ name }) => !KNOWN_ATTRIBUTES.has(name))
  if (unknown) return refuse(`QAttention has no '${unknown.name}'`)

  const { edit, options } = quantizer
  const stored = quantizer.weights.store(graph, weight.name, {
    layout: { dims: weight.dims, axis: options.perChannel ? 1 : null },
    options: { type: options.weightType, symmetric: options.weightType === 'int8' || options.perChannel, reduceRange: options.reduceRange },
  })
  const activation = quantizer.activation(graph, input, node)
  edit.updateNode(graph, node, {
    opType: 'QAttention',
    inputs: withoutTrailing([activation.values, stored.values, bias, activation.scale, stored.scale, mask, activation.zeroPoint, stored.zeroPoint, past]),
  })
  return null
}

function withoutTrailing(inputs: string[]): string[] {
  return inputs.at(-1) === '' ? inputs.slice(0, -1) : inputs
}
