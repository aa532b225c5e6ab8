import { z } from 'zod'
import { AppError } from '#shared/errors'
import { intAttribute } from '#shared/onnx/attributes'
import { DATA_TYPES, type DataTypeName } from '#shared/onnx/data-type'
import { type Edit, ModelDocument } from '#shared/onnx/document'
import type { Model, Node, Tensor } from '#shared/onnx/records'
import { bytesOf, rawTensor, tensorFloats, tensorNumbers } from '#shared/onnx/tensor-data'
import { openMatrixProducts } from '../runtime/linear-algebra'
import { constantTensor } from './constants'
import { type LinearLayer, linearLayer, weightMatrix } from './factorize/linear-layer'
import { patchMoments } from './factorize/patch-moments'
import { definePass, type PassContext } from './pass'
import { quantizedArray } from './quantize-numerics'
import { nearestProducts } from './recovery/nearest-products'
import { meanSqnr } from './recovery/mean-sqnr'
import { snapshotModel } from './recovery/snapshot-model'
import { transposeMatrix } from './weight-only/block-weights'

/** Wider inputs have matrices of products of more than 32 MB, and rarely lose anything by rounding. */
const WIDEST_INPUT = 2048
const SHOWN_LAYERS = 8

export const learnRounding = definePass({
  name: 'learn-rounding',
  title: 'Learn how to round',
  description: 'After quantize-static: rounds each weight up or down so that its layer’s products stay nearest to the float model’s on calibration data, instead of to the nearest (AdaRound). Costs nothing at run time.',
  calibration: 'required',
  options: z.strictObject({
    calibrationSamples: z.number().int().min(1).max(100_000).default(64).describe('At most so many calibration samples are looked at.'),
  }),
  async run(edit, { calibrationSamples }, context) {
    const { float } = context
    if (!float) throw new AppError({ code: 'invalid-recipe', message: "'learn-rounding' has nothing to compare with.", hint: 'Put it after quantize-static in the same recipe.' })
    const learned = await learnAll(edit, float, { context, maxSamples: calibrationSamples })
    if (learned.length === 0) return
    // On a copy: what does not help is not done.
    const trial = new ModelDocument(snapshotModel(edit.document))
    await trial.transact('learn-rounding', (change) => {
      for (const { tensor } of learned) change.setInitializer(change.main, tensor)
    })
    const before = await meanSqnr(edit.document, { float, context, limit: calibrationSamples })
    const after = await meanSqnr(trial, { float, context, limit: calibrationSamples })
    const errors = `Errors of products fall to ${learned.slice(0, SHOWN_LAYERS).map(({ node, ratio }) => `${(100 * ratio).toFixed(0)} % in '${node.name || node.outputs[0]}'`).join(', ')}${learned.length > SHOWN_LAYERS ? ', …' : ''} of those when rounded to nearest.`
    if (after < before) {
      context.report({ severity: 'info', code: 'no-gain', message: `Weights stay rounded to nearest: learned, outputs would be at ${after.toFixed(1)} dB of the float model's, instead of ${before.toFixed(1)}. ${errors}` })
      return
    }
    for (const { tensor } of learned) edit.setInitializer(edit.main, tensor)
    context.report({ severity: 'info', code: 'rounding-learned', message: `Outputs are at ${after.toFixed(1)} dB of the float model's, rounded to nearest at ${before.toFixed(1)}. ${errors}` })
  },
})

interface Learned {
  readonly node: Node
  /** The new codes, under the name of the old. */
  readonly tensor: Tensor
  /** Error of the products beside that of rounding to nearest. */
  readonly ratio: number
}

/** Inputs are taken as the float model sees them, layer by layer. */
async function learnAll(edit: Edit, float: Model, { context, maxSamples }: { context: PassContext; maxSamples: number }): Promise<Learned[]> {
  const source = new ModelDocument(snapshotModel({ model: float }))
  const learned: Learned[] = []
  const products = await openMatrixProducts(context.runner)
  try {
    await source.transact('look', async (look) => {
      const layers = look.main.nodes.flatMap((node): LinearLayer[] => {
        const layer = linearLayer(source, look.main, node, 1)
        return !('reason' in layer) && layer.columns <= WIDEST_INPUT && codesOf(edit, node.id) ? [layer] : []
      })
      for await (const moments of patchMoments(look, layers, { context, products, maxSamples, maxProductColumns: WIDEST_INPUT })) {
        for (const layer of layers) {
          const found = moments.get(layer.node.id)?.products
          const codes = codesOf(edit, layer.node.id)
          if (!found || !codes) continue
          context.signal.throwIfAborted()
          context.progress('learning-rounding', learned.length / layers.length, layer.node.name)
          const result = learnLayer(layer, codes, found)
          if (result) learned.push(result)
        }
      }
    })
  } finally {
    await products.close()
  }
  return learned
}

interface Codes {
  readonly tensor: Tensor
  readonly type: Extract<DataTypeName, 'int8' | 'uint8'>
  /** One for each output channel, or one in all. */
  readonly scales: ArrayLike<number>
  readonly zeroPoints: ArrayLike<number>
}

/** The integers of a layer's weight; null where it has none of its own. */
function codesOf(edit: Edit, id: number): Codes | null {
  const { document, main } = edit
  const weight = document.index(main).definition(document.index(main).nodes.get(id)?.inputs[1] ?? '')
  if (weight?.kind !== 'node' || weight.node.opType !== 'DequantizeLinear' || document.uses(main, weight.node.outputs[0] ?? '').length !== 1) return null
  const [tensor, scale, zeroPoint] = weight.node.inputs.map((name) => constantTensor(document, main, name))
  if (!tensor || !scale || !zeroPoint || document.uses(main, tensor.name).length !== 1 || intAttribute(weight.node, 'block_size', 0) !== 0) return null
  const type = tensor.dataType === DATA_TYPES.int8.code ? 'int8' : tensor.dataType === DATA_TYPES.uint8.code ? 'uint8' : null
  return type && { tensor, type, scales: tensorFloats(scale), zeroPoints: tensorNumbers(zeroPoint) as ArrayLike<number> }
}

function learnLayer(layer: LinearLayer, { tensor, type, scales, zeroPoints }: Codes, products: Float64Array): Learned | null {
  const { rows, columns, rowsFirst, node, groups } = layer
  if (scales.length !== 1 && scales.length !== rows) return null
  const present = tensorNumbers(tensor) as ArrayLike<number>
  // Reduced ranges stay reduced.
  let [qmin, qmax] = [Infinity, -Infinity]
  for (let at = 0; at < present.length; at++) [qmin, qmax] = [Math.min(qmin, present[at] as number), Math.max(qmax, present[at] as number)]
  const steps = Float64Array.from(weightMatrix(layer), (value, at) => {
    const channel = scales.length === 1 ? 0 : Math.floor(at / columns)
    return value / (scales[channel] as number) + (zeroPoints[channel] as number)
  })
  const [perGroup, square] = [steps.length / groups, columns * columns]
  const found = Array.from({ length: groups }, (_, group) =>
    nearestProducts({ steps: steps.subarray(group * perGroup, (group + 1) * perGroup), columns, products: products.subarray(group * square, (group + 1) * square), qmin, qmax }),
  )
  const [nearestError, learnedError] = [found.reduce((sum, one) => sum + one.nearestError, 0), found.reduce((sum, one) => sum + one.learnedError, 0)]
  if (!(learnedError < nearestError)) return null
  const matrix = Float32Array.from(found.flatMap(({ codes }) => [...codes]))
  const values = quantizedArray(type, matrix.length)
  values.set(rowsFirst ? matrix : transposeMatrix(matrix, rows, columns))
  return { node, tensor: rawTensor(tensor.name, type, tensor.dims, bytesOf(values)), ratio: learnedError / nearestError }
}
