import { z } from 'zod'
import { makeFloat, makeInt } from '#shared/onnx/attributes'
import type { Node } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { elementsOf } from './constants'
import { fuseMatches } from './fuse/fuse-matches'
import { fuseInto, isClosed, isFloat32Value, keepsDims, onlyReader, producerOf, reductionAxes, shapeOf, type Site, withInput } from './fuse/graph-match'
import { isAffine, matchRootQuotient, squareOf } from './fuse/normalization-parts'
import { raiseOpset } from './fuse/raise-opset'
import { definePass } from './pass'

/** The opset that brought LayerNormalization. */
const OPSET = 17

export const fuseLayerNormalization = definePass({
  name: 'fuse-layer-normalization',
  title: 'Fuse layer normalization',
  description: 'Puts one LayerNormalization in the place of the mean, difference, square, root, division, scale and shift it was exported as. Raises the opset to 17.',
  calibration: 'none',
  keepsResults: true,
  options: z.strictObject({}),
  run(edit, _, context) {
    fuseMatches(edit, { match, fuse, prepare: () => raiseOpset(edit, OPSET, context) })
  },
})

interface Layer {
  readonly input: string
  readonly inner: readonly Node[]
  readonly last: Node
  readonly scale: string | null
  readonly shift: string | null
  /** The dimensions that are normalized: the last ones. */
  readonly dims: readonly number[]
  readonly epsilon: number
}

/** `(x − mean(x)) / sqrt(mean((x − mean(x))²) + ε)`, then perhaps `· scale` and `+ shift`. `node` is the division. */
function match(site: Site, node: Node): Layer | null {
  const quotient = matchRootQuotient(site, node)
  const difference = producerOf(site, quotient?.dividend, 'Sub')
  const variance = producerOf(site, quotient?.variance, 'ReduceMean')
  const square = producerOf(site, variance?.inputs[0], 'Pow', 'Mul')
  const mean = producerOf(site, difference?.inputs[1], 'ReduceMean')
  if (!quotient || !difference || !variance || !square || !mean) return null
  const [input = ''] = difference.inputs
  const squared = producerOf(site, squareOf(site, square), 'Sub')
  if (mean.inputs[0] !== input || squared?.inputs.join() !== difference.inputs.join()) return null
  const shape = shapeOf(site, input)
  const axes = reductionAxes(site, mean, shape?.length)
  if (!shape || !axes || !isFloat32Value(site, input) || !keepsDims(mean) || !keepsDims(variance)) return null
  if (reductionAxes(site, variance, shape.length)?.join() !== axes.join() || axes.some((axis, at) => axis !== shape.length - axes.length + at)) return null
  const dims = shape.slice(-axes.length).filter((dim) => typeof dim === 'number')
  if (dims.length < axes.length) return null

  const inner = [...new Set([mean, difference, squared, square, variance, ...quotient.inner])]
  const core = { input, inner, last: node, dims, epsilon: quotient.epsilon }
  if (!isClosed(site, inner, node)) return null
  const scaling = onlyReader(site, node.outputs[0], 'Mul')
  const scale = scaling && withInput(scaling, (name) => isAffine(site, name, dims))
  if (!scaling || !scale) return { ...core, scale: null, shift: null }
  const shifting = onlyReader(site, scaling.outputs[0], 'Add')
  const shift = shifting && withInput(shifting, (name) => isAffine(site, name, dims))
  if (!shifting || !shift) return { ...core, inner: [...inner, node], last: scaling, scale: scale[0], shift: null }
  return { ...core, inner: [...inner, node, scaling], last: shifting, scale: scale[0], shift: shift[0] }
}

function fuse(site: Site, { input, inner, last, scale, shift, dims, epsilon }: Layer): void {
  const { edit, graph } = site
  const name = scale ?? edit.freshName(graph, `${last.outputs[0] ?? ''}.scale`)
  if (scale === null) edit.setInitializer(graph, rawTensor(name, 'float32', dims, bytesOf(new Float32Array(elementsOf(dims)).fill(1))))
  fuseInto(site, inner, last, {
    opType: 'LayerNormalization',
    inputs: [input, name, ...(shift === null ? [] : [shift])],
    attributes: [makeInt('axis', -dims.length), makeFloat('epsilon', epsilon)],
  })
}
