import { z } from 'zod'
import { makeString, stringAttribute } from '#shared/onnx/attributes'
import { sameDomain } from '#shared/onnx/document'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import type { Node } from '#shared/onnx/records'
import { constantTensor } from './constants'
import { fuseMatches } from './fuse/fuse-matches'
import { fuseInto, isClosed, isFloat32Value, isScalar, onlyReader, producerOf, scalarOf, shapeOf, type Site, visitNodes, withInput, withScalar } from './fuse/graph-match'
import { raiseOpset } from './fuse/raise-opset'
import { definePass } from './pass'

/** The opset that brought Gelu. */
const OPSET = 20

export const fuseGelu = definePass({
  name: 'fuse-gelu',
  title: 'Fuse GELU',
  description: 'Puts one node in the place of the five to eight that GELU was exported as, by the error function or by tanh.',
  calibration: 'none',
  keepsResults: true,
  options: z.strictObject({
    form: z.enum(['standard', 'onnxruntime']).default('standard').describe("standard: Gelu, which raises the opset to 20. onnxruntime: its own Gelu and FastGelu at any opset, with the bias before as BiasGelu."),
  }),
  run(edit, { form }, context) {
    fuseMatches(edit, {
      match,
      prepare() {
        if (form === 'standard') return raiseOpset(edit, OPSET, context)
        edit.requireOpset(MICROSOFT, 1)
        return true
      },
      fuse(site, { inner, last, input, isTanh }) {
        if (form === 'standard') fuseInto(site, inner, last, { opType: 'Gelu', inputs: [input], attributes: [makeString('approximate', isTanh ? 'tanh' : 'none')] })
        else fuseInto(site, inner, last, { domain: MICROSOFT, opType: isTanh ? 'FastGelu' : 'Gelu', inputs: [input], attributes: [] })
      },
    })
    if (form === 'onnxruntime') visitNodes(edit, inferTypes(edit.document), fuseBias)
  },
})

const MICROSOFT = 'com.microsoft'

interface Gelu {
  readonly input: string
  readonly isTanh: boolean
  readonly inner: readonly Node[]
  readonly last: Node
}

/** `x · ½ · (1 + erf(x / √2))`, or with `tanh(√(2/π) · (x + 0.044715 · x³))`, multiplied in any order. `node` is the Erf or Tanh. */
function match(site: Site, node: Node): Gelu | null {
  const argument = node.opType === 'Erf' ? matchErf(site, node) : node.opType === 'Tanh' ? matchTanh(site, node) : null
  const sum = onlyReader(site, node.outputs[0], 'Add')
  const product = onlyReader(site, sum?.outputs[0], 'Mul')
  if (!argument || !sum || !product || !withScalar(site, sum, 1) || !isFloat32Value(site, argument.input)) return null
  const factor = withInput(product, (name) => name === sum.outputs[0])?.[1]
  const inner = [...argument.inner, node, sum]
  const core = { input: argument.input, isTanh: node.opType === 'Tanh' }
  const half = producerOf(site, factor, 'Mul')
  const isHalfOfInput = half !== null && withScalar(site, half, 0.5)?.[1] === argument.input
  const end = isHalfOfInput ? { inner: [...inner, half], last: product } : endOf(site, product, { factor, input: argument.input, inner })
  return end && isClosed(site, end.inner, end.last) ? { ...core, ...end } : null
}

/** The multiplication by what `product` left out: by ½ after x, or by x after ½. */
function endOf(site: Site, product: Node, { factor, input, inner }: { factor: string | undefined; input: string; inner: readonly Node[] }): Pick<Gelu, 'inner' | 'last'> | null {
  const last = onlyReader(site, product.outputs[0], 'Mul', 'Div')
  if (!last) return null
  const isEnd = factor === input ? isHalving(site, last) : isScalar(site, factor, 0.5) && last.opType === 'Mul' && withInput(last, (name) => name === input) !== null
  return isEnd ? { inner: [...inner, product], last } : null
}

function isHalving(site: Site, node: Node): boolean {
  return node.opType === 'Mul' ? withScalar(site, node, 0.5) !== null : isScalar(site, node.inputs[1], 2)
}

function matchErf(site: Site, node: Node): Pick<Gelu, 'input' | 'inner'> | null {
  const scaled = producerOf(site, node.inputs[0], 'Div', 'Mul')
  const [a, b] = scaled?.inputs ?? []
  if (scaled?.opType === 'Div') return isScalar(site, b, Math.SQRT2) ? { input: a ?? '', inner: [scaled] } : null
  const parts = scaled && withScalar(site, scaled, Math.SQRT1_2)
  return parts ? { input: parts[1], inner: [scaled] } : null
}

function matchTanh(site: Site, node: Node): Pick<Gelu, 'input' | 'inner'> | null {
  const scaled = producerOf(site, node.inputs[0], 'Mul')
  const sum = producerOf(site, scaled ? withScalar(site, scaled, Math.sqrt(2 / Math.PI))?.[1] : undefined, 'Add')
  for (const [input = '', term] of sum ? [sum.inputs, sum.inputs.toReversed()] : []) {
    const small = producerOf(site, term, 'Mul')
    const cube = producerOf(site, small ? withScalar(site, small, 0.044715)?.[1] : undefined, 'Pow', 'Mul')
    const cubing = cube && matchCube(site, cube, input)
    if (scaled && sum && small && cubing) return { input, inner: [...cubing, small, sum, scaled] }
  }
  return null
}

/** The nodes that make the cube of `input`, where `node` gives it. */
function matchCube(site: Site, node: Node, input: string): Node[] | null {
  if (node.opType === 'Pow') return node.inputs[0] === input && scalarOf(site, node.inputs[1]) === 3 ? [node] : null
  const square = producerOf(site, withInput(node, (name) => name === input)?.[1], 'Mul', 'Pow')
  if (!square || square.inputs[0] !== input) return null
  const isSquare = square.opType === 'Mul' ? square.inputs[1] === input : scalarOf(site, square.inputs[1]) === 2
  return isSquare ? [square, node] : null
}

/** Adding one number for each element of the last dimension, into the Gelu behind it. */
function fuseBias(site: Site, node: Node): void {
  if (node.opType !== 'Add') return
  const { edit, graph } = site
  const [use, more] = edit.document.uses(graph, node.outputs[0] ?? '')
  const gelu = use?.graph === graph && !more ? use.node : null
  const kind = gelu && gelu.inputs.length === 1 ? kindOf(gelu) : null
  if (!gelu || !kind) return
  const parts = withInput(node, (name) => constantTensor(edit.document, graph, name)?.dims.length === 1)
  const bias = parts && constantTensor(edit.document, graph, parts[0])
  // Only where the bias stretches nothing: the fused operators take it for the last dimension of their input.
  if (!parts || !bias || shapeOf(site, parts[1])?.at(-1) !== bias.dims[0]) return
  fuseInto(site, [node], gelu, { domain: MICROSOFT, opType: kind === 'erf' ? 'BiasGelu' : 'FastGelu', inputs: [parts[1], parts[0]], attributes: [] })
  edit.requireOpset(MICROSOFT, 1)
}

function kindOf({ domain, opType, attributes }: Node): 'erf' | 'tanh' | null {
  if (domain === MICROSOFT) return opType === 'Gelu' ? 'erf' : opType === 'FastGelu' ? 'tanh' : null
  if (!sameDomain(domain, '') || opType !== 'Gelu') return null
  return stringAttribute({ attributes }, 'approximate', 'none') === 'tanh' ? 'tanh' : 'erf'
}
