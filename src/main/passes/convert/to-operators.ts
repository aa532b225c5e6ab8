import { sameDomain, type Edit } from '#shared/onnx/document'
import type { Graph, Node } from '#shared/onnx/records'
import { tensorNumbers } from '#shared/onnx/tensor-data'
import { constantTensor } from '../constants'
import { MOVES, type OperatorForm, operatorForms } from './operator-forms'

/** Values, scale and zero point. */
type Triple = readonly [string, string, string]

/**
 * Turns each operator whose inputs are dequantized and whose only reader quantizes it into its quantized form, and moves of values onto
 * the integers. Pairs that nobody reads any more go. Returns how many nodes were turned.
 */
export function pairsToOperators(edit: Edit, graph: Graph): number {
  let turned = 0
  for (const { id } of [...graph.nodes]) {
    const node = edit.document.index(graph).nodes.get(id)
    if (!node || !sameDomain(node.domain, '')) continue
    const form = operatorForms.find(({ opType }) => opType === node.opType)
    if (form ? turn(edit, graph, node, form) : MOVES.has(node.opType) && move(edit, graph, node)) turned++
  }
  removeUnread(edit, graph)
  return turned
}

function turn(edit: Edit, graph: Graph, node: Node, form: OperatorForm): boolean {
  const hasBias = (form.layout === 'conv' || form.layout === 'gemm') && (node.inputs[2] ?? '') !== ''
  const values = hasBias ? node.inputs.slice(0, 2) : node.inputs.filter((name) => name !== '')
  const triples = values.map((name) => dequantizedFrom(edit, graph, name))
  const bias = hasBias ? biasValues(edit, graph, node.inputs[2] ?? '') : ''
  const quantize = onlyQuantize(edit, graph, node.outputs[0] ?? '')
  const [, scale = '', zeroPoint = ''] = quantize?.inputs ?? []
  if (!quantize || zeroPoint === '' || bias === null || !triples.every((triple) => triple !== null)) return false
  // A bias multiplied by beta, or a product by alpha, has no place in the integer form.
  if (form.layout === 'gemm' && node.attributes.some(({ name, ...given }) => /^(alpha|beta)$/.test(name) && given.type === 'float' && given.value !== 1)) return false
  const inputs = triples.flat()
  const forms = {
    each: [...inputs, scale, zeroPoint],
    conv: [...inputs, scale, zeroPoint, ...(bias === '' ? [] : [bias])],
    gemm: [...inputs, bias, scale, zeroPoint],
    concat: [scale, zeroPoint, ...inputs],
  }
  if (form.domain !== '') edit.requireOpset(form.domain, 1)
  takeOutput(edit, graph, { node, quantize, fields: { opType: form.quantized, domain: form.domain, inputs: forms[form.layout], attributes: node.attributes.filter(({ name }) => name !== 'beta') } })
  return true
}

function move(edit: Edit, graph: Graph, node: Node): boolean {
  const from = dequantizedFrom(edit, graph, node.inputs[0] ?? '')
  const quantize = node.outputs.length === 1 ? onlyQuantize(edit, graph, node.outputs[0] ?? '') : null
  if (!from || !quantize || !same(edit, graph, from[1], quantize.inputs[1]) || !same(edit, graph, from[2], quantize.inputs[2])) return false
  takeOutput(edit, graph, { node, quantize, fields: { inputs: [from[0], ...node.inputs.slice(1)] } })
  return true
}

/** Lets `node`, as `fields` say, give what `quantize` gave. */
function takeOutput(edit: Edit, graph: Graph, { node, quantize, fields }: { node: Node; quantize: Node; fields: Partial<Omit<Node, 'id'>> }): void {
  const outputs = quantize.outputs
  edit.removeNode(graph, edit.updateNode(graph, quantize, { inputs: [], outputs: [] }))
  edit.updateNode(graph, node, { ...fields, outputs })
}

function dequantizedFrom(edit: Edit, graph: Graph, name: string): Triple | null {
  const definition = edit.document.index(graph).definition(name)
  if (definition?.kind !== 'node' || definition.node.opType !== 'DequantizeLinear') return null
  const [values = '', scale = '', zeroPoint = ''] = definition.node.inputs
  return zeroPoint === '' ? null : [values, scale, zeroPoint]
}

/** The integers of a dequantized int32 constant; null for any other bias. */
function biasValues(edit: Edit, graph: Graph, name: string): string | null {
  const definition = edit.document.index(graph).definition(name)
  const values = definition?.kind === 'node' && definition.node.opType === 'DequantizeLinear' ? (definition.node.inputs[0] ?? '') : ''
  return constantTensor(edit.document, graph, values) ? values : null
}

function onlyQuantize(edit: Edit, graph: Graph, name: string): Node | null {
  const [use, ...others] = edit.document.uses(graph, name)
  return others.length === 0 && use?.graph === graph && use.input === 0 && use.node?.opType === 'QuantizeLinear' ? use.node : null
}

function same(edit: Edit, graph: Graph, a: string, b: string | undefined): boolean {
  if (a === b) return true
  const [left, right] = [a, b ?? ''].map((name) => constantTensor(edit.document, graph, name))
  return !!left && !!right && left.dataType === right.dataType && String(tensorNumbers(left)) === String(tensorNumbers(right))
}

/** Dequantized values without a reader, from the last to the first, with the constants that only they read. */
function removeUnread(edit: Edit, graph: Graph): void {
  for (const node of [...graph.nodes].toReversed()) {
    if (node.opType !== 'DequantizeLinear' || edit.document.uses(graph, node.outputs[0] ?? '').length > 0) continue
    edit.removeNode(graph, node)
    for (const name of node.inputs) {
      if (edit.document.index(graph).initializers.has(name) && edit.document.uses(graph, name).length === 0) edit.removeInitializer(graph, name)
    }
  }
}
