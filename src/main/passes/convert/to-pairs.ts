import { makeInt } from '#shared/onnx/attributes'
import { sameDomain, type Edit } from '#shared/onnx/document'
import type { Graph, Node } from '#shared/onnx/records'
import { bytesOf, rawTensor, tensorNumbers } from '#shared/onnx/tensor-data'
import { constantTensor } from '../constants'
import { type OperatorForm, operatorForms } from './operator-forms'

/** Turns operators on integers into float ones between pairs. Returns how many; a bias whose scales are not constant keeps its node as it is. */
export function operatorsToPairs(edit: Edit, graph: Graph): number {
  let turned = 0
  for (const { id } of [...graph.nodes]) {
    const node = edit.document.index(graph).nodes.get(id)
    const form = node && operatorForms.find(({ quantized, domain }) => quantized === node.opType && sameDomain(domain, node.domain))
    if (node && form && turn(edit, graph, node, form)) turned++
  }
  return turned
}

interface Parts {
  readonly triples: readonly (readonly [string, string, string])[]
  readonly bias: string
  readonly output: readonly [string, string]
}

function turn(edit: Edit, graph: Graph, node: Node, form: OperatorForm): boolean {
  const { triples, bias, output } = partsOf(node, form)
  const [scale, zeroPoint] = output
  // QGemm may give float.
  const givesFloat = scale === ''
  const biasScale = bias === '' ? null : biasScales(edit, graph, triples)
  if (bias !== '' && !biasScale) return false
  const fresh = (base: string) => edit.freshName(graph, base)
  const inputs = triples.map(([values, inputScale, inputZeroPoint], at) => {
    const real = fresh(`${values}.f`)
    const isPerChannel = at === 1 && (constantTensor(edit.document, graph, inputScale)?.dims[0] ?? 1) > 1
    const attributes = isPerChannel ? [makeInt('axis', weightAxis(node, form))] : []
    edit.addNode(graph, { opType: 'DequantizeLinear', inputs: [values, inputScale, ...(inputZeroPoint === '' ? [] : [inputZeroPoint])], outputs: [real], attributes }, { before: node })
    return real
  })
  if (biasScale) {
    const [real, name] = [fresh(`${bias}.f`), fresh(`${bias}.scale`)]
    edit.setInitializer(graph, rawTensor(name, 'float32', biasScale.length === 1 ? [] : [biasScale.length], bytesOf(biasScale)))
    edit.addNode(graph, { opType: 'DequantizeLinear', inputs: [bias, name], outputs: [real], attributes: biasScale.length === 1 ? [] : [makeInt('axis', 0)] }, { before: node })
    inputs.push(real)
  }
  const outputs = givesFloat ? node.outputs : [fresh(`${node.outputs[0] ?? ''}.f`)]
  const [quantized = ''] = node.outputs
  const turned = edit.updateNode(graph, node, { opType: form.opType, domain: '', inputs, outputs, attributes: node.attributes.filter(({ name }) => name !== 'channels_last') })
  if (!givesFloat) edit.addNode(graph, { opType: 'QuantizeLinear', inputs: [outputs[0] ?? '', scale, zeroPoint], outputs: [quantized] }, { after: turned })
  return true
}

function partsOf({ inputs }: Node, { layout }: OperatorForm): Parts {
  const at = (index: number) => inputs[index] ?? ''
  const triplesIn = (from: number, to: number) => Array.from({ length: Math.floor((to - from) / 3) }, (_, number) => [at(from + 3 * number), at(from + 3 * number + 1), at(from + 3 * number + 2)] as const)
  switch (layout) {
    case 'each':
      return { triples: triplesIn(0, inputs.length - 2), bias: '', output: [at(inputs.length - 2), at(inputs.length - 1)] }
    case 'conv':
      return { triples: triplesIn(0, 6), bias: at(8), output: [at(6), at(7)] }
    case 'gemm':
      return { triples: triplesIn(0, 6), bias: at(6), output: [at(7), at(8)] }
    case 'concat':
      return { triples: triplesIn(2, inputs.length), bias: '', output: [at(0), at(1)] }
  }
}

/** The scales that a bias has by definition: input scale times weight scale, in float32. */
function biasScales(edit: Edit, graph: Graph, [input, weight]: Parts['triples']): Float32Array | null {
  const [inputScale, weightScale] = [input?.[1] ?? '', weight?.[1] ?? ''].map((name) => constantTensor(edit.document, graph, name))
  if (!inputScale || !weightScale) return null
  const scale = Number(tensorNumbers(inputScale)[0])
  return Float32Array.from(tensorNumbers(weightScale) as Float32Array, (value) => Math.fround(scale * value))
}

function weightAxis(node: Node, { layout }: OperatorForm): number {
  if (layout === 'conv') return 0
  return node.attributes.some(({ name, ...given }) => name === 'transB' && given.type === 'int' && given.value !== 0n) ? 0 : 1
}
