import { makeFloat } from '#shared/onnx/attributes'
import { type Edit, sameDomain } from '#shared/onnx/document'
import type { Graph, Node } from '#shared/onnx/records'
import { bytesOf, rawTensor, tensorFloats, tensorNumbers } from '#shared/onnx/tensor-data'
import { dataTypeName } from '#shared/onnx/data-type'
import { constantTensor, isFloat32, opsetVersion } from '../constants'
import { quantizationRange, type QuantizedType } from '../quantize-numerics'

/** Clip takes its bounds as inputs from here on. */
const CLIP_INPUTS = 11
const GUARDED = new Set(['Conv', 'ConvTranspose', 'Gemm'])

/**
 * Keeps layers float that were left float. From version 1.21 on onnxruntime quantizes float weights by itself, with one scale, wherever a Conv,
 * ConvTranspose or Gemm reads a DequantizeLinear and what it gives comes to a QuantizeLinear without a branch (its optimizer
 * WeightBiasQuantization). A Clip between, to the range that the integers have anyway, changes no value and prevents it.
 */
export function guardFloatLayers(edit: Edit, graph: Graph): void {
  const guarded = new Map<string, string>()
  for (const node of [...graph.nodes]) {
    const [input = ''] = node.inputs
    if (!wouldBeQuantized(edit, graph, node)) continue
    const name = guarded.get(input) ?? addClip(edit, graph, input)
    guarded.set(input, name)
    const current = edit.document.index(graph).nodes.get(node.id) ?? node
    edit.setInput(graph, current, 0, name)
  }
}

function wouldBeQuantized(edit: Edit, graph: Graph, node: Node): boolean {
  if (!GUARDED.has(node.opType) || !sameDomain(node.domain, '')) return false
  const weight = constantTensor(edit.document, graph, node.inputs[1] ?? '')
  return weight !== null && isFloat32(weight) && producerOf(edit, graph, node.inputs[0] ?? '')?.opType === 'DequantizeLinear' && leadsToQuantize(edit, graph, node)
}

function leadsToQuantize(edit: Edit, graph: Graph, node: Node): boolean {
  for (let at = node; at.outputs.length === 1; ) {
    const [use, ...others] = edit.document.uses(graph, at.outputs[0] ?? '')
    if (!use?.node || use.graph !== graph || others.length > 0) return false
    if (use.node.opType === 'QuantizeLinear') return true
    at = use.node
  }
  return false
}

function producerOf(edit: Edit, graph: Graph, name: string): Node | null {
  const definition = edit.document.index(graph).definition(name)
  return definition?.kind === 'node' ? definition.node : null
}

function addClip(edit: Edit, graph: Graph, input: string): string {
  const dequantize = producerOf(edit, graph, input)
  const bounds = dequantize && boundsOf(edit, graph, dequantize)
  if (!dequantize || !bounds) return input
  const output = edit.freshName(graph, `${input}.float`)
  const constant = (suffix: string, value: number) => {
    const name = edit.freshName(graph, `${input}.${suffix}`)
    edit.setInitializer(graph, rawTensor(name, 'float32', [], bytesOf(Float32Array.of(value))))
    return name
  }
  const hasInputs = opsetVersion(edit.model) >= CLIP_INPUTS
  edit.addNode(
    graph,
    {
      opType: 'Clip',
      inputs: hasInputs ? [input, constant('least', bounds.min), constant('most', bounds.max)] : [input],
      outputs: [output],
      attributes: hasInputs ? [] : [makeFloat('min', bounds.min), makeFloat('max', bounds.max)],
    },
    { after: dequantize },
  )
  return output
}

/** What the integers of a DequantizeLinear can stand for; null where it has a scale for each channel or none that is constant. */
function boundsOf(edit: Edit, graph: Graph, { inputs }: Node): { min: number; max: number } | null {
  const [scale, zeroPoint] = inputs.slice(1).map((name) => constantTensor(edit.document, graph, name))
  const type = zeroPoint ? dataTypeName(zeroPoint.dataType) : null
  if (!scale || !zeroPoint || (type !== 'int8' && type !== 'uint8' && type !== 'int16' && type !== 'uint16')) return null
  const [step = 0, ...others] = tensorFloats(scale)
  if (others.length > 0) return null
  const { qmin, qmax } = quantizationRange(type satisfies QuantizedType, { symmetric: false, reduceRange: false })
  const zero = Number(tensorNumbers(zeroPoint)[0] ?? 0)
  return { min: step * (qmin - zero), max: step * (qmax - zero) }
}
