import { z } from 'zod'
import { makeFloat, makeInt } from '#shared/onnx/attributes'
import type { Node } from '#shared/onnx/records'
import { fuseMatches } from './fuse/fuse-matches'
import { fuseInto, isClosed, isFloat32Value, keepsDims, onlyReader, producerOf, reductionAxes, shapeOf, type Site, withInput } from './fuse/graph-match'
import { isAffine, matchRootQuotient, squareOf } from './fuse/normalization-parts'
import { raiseOpset } from './fuse/raise-opset'
import { definePass } from './pass'

/** The opset that brought RMSNormalization. */
const OPSET = 23

export const fuseRmsNormalization = definePass({
  name: 'fuse-rms-normalization',
  title: 'Fuse RMS normalization',
  description: 'Puts one node in the place of the square, mean, root, division and scale that RMS normalization was exported as.',
  calibration: 'none',
  keepsResults: true,
  options: z.strictObject({
    form: z.enum(['standard', 'onnxruntime']).default('standard').describe("standard: RMSNormalization, which raises the opset to 23. onnxruntime: its own SimplifiedLayerNormalization, at any opset."),
  }),
  run(edit, { form }, context) {
    const opType = form === 'standard' ? 'RMSNormalization' : 'SimplifiedLayerNormalization'
    fuseMatches(edit, {
      match,
      prepare: () => form === 'onnxruntime' || raiseOpset(edit, OPSET, context),
      fuse: (site, layer) => fuseInto(site, layer.inner, layer.last, { opType, inputs: [layer.input, layer.scale], attributes: [makeInt('axis', -layer.axes), makeFloat('epsilon', layer.epsilon)] }),
    })
  },
})

interface Layer {
  readonly input: string
  readonly inner: readonly Node[]
  readonly last: Node
  readonly scale: string
  /** How many of the last dimensions are normalized together. */
  readonly axes: number
  readonly epsilon: number
}

/** `x / sqrt(mean(x²) + ε) · scale`. `node` is the division. */
function match(site: Site, node: Node): Layer | null {
  const quotient = matchRootQuotient(site, node)
  const mean = producerOf(site, quotient?.variance, 'ReduceMean')
  const square = producerOf(site, mean?.inputs[0], 'Pow', 'Mul')
  if (!quotient || !mean || !square || squareOf(site, square) !== quotient.dividend) return null
  const shape = shapeOf(site, quotient.dividend)
  const axes = reductionAxes(site, mean, shape?.length)
  if (!shape || !axes || !isFloat32Value(site, quotient.dividend) || !keepsDims(mean)) return null
  if (axes.some((axis, at) => axis !== shape.length - axes.length + at)) return null
  const dims = shape.slice(-axes.length).filter((dim) => typeof dim === 'number')
  const scaling = onlyReader(site, node.outputs[0], 'Mul')
  const scale = scaling && withInput(scaling, (name) => isAffine(site, name, dims))
  const inner = [square, mean, ...quotient.inner]
  if (!scaling || !scale || !isClosed(site, inner, node)) return null
  return { input: quotient.dividend, inner: [...inner, node], last: scaling, scale: scale[0], axes: axes.length, epsilon: quotient.epsilon }
}
