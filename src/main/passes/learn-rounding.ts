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
import { type CalibrationData, definePass, type PassContext } from './pass'
import { quantizedArray } from './quantize-numerics'
import { addToBias, biasValues, canAddToBias } from './recovery/layer-bias'
import { nearestProducts } from './recovery/nearest-products'
import { meanSqnr } from './recovery/mean-sqnr'
import { snapshotModel } from './recovery/snapshot-model'
import { splitSamples, type SplitSamples } from './recovery/split-samples'
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
    const samples = splitSamples(context.calibration, calibrationSamples)
    const { learned, reverted } = await learnAll(edit, float, { context, samples })
    const notLearned = reverted.length === 0 ? '' : `On samples held out ${reverted.length} of ${learned.length + reverted.length} layers are nearer as they were: ${listed(reverted.map((node) => `'${node.name || node.outputs[0]}'`))}.`
    if (learned.length === 0) {
      if (notLearned !== '') context.report({ severity: 'info', code: 'no-gain', message: notLearned })
      return
    }
    // On a copy: what does not help is not done.
    const trial = new ModelDocument(snapshotModel(edit.document))
    await trial.transact('learn-rounding', (change) => {
      for (const layer of learned) apply(change, layer)
    })
    const unseen = { float, context: { ...context, calibration: samples.heldOut }, limit: samples.heldOut.sampleCount }
    const before = await meanSqnr(edit.document, unseen)
    const after = await meanSqnr(trial, unseen)
    const errors = [`Errors of products fall to ${listed(learned.map(({ node, ratio }) => `${(100 * ratio).toFixed(0)} % in '${node.name || node.outputs[0]}'`))} of those when rounded to nearest.`, notLearned].filter((text) => text !== '').join(' ')
    if (after < before) {
      context.report({ severity: 'info', code: 'no-gain', message: `Weights stay rounded to nearest: learned, outputs would be at ${after.toFixed(1)} dB of the float model's, instead of ${before.toFixed(1)}. ${errors}` })
      return
    }
    for (const layer of learned) apply(edit, layer)
    context.report({ severity: 'info', code: 'rounding-learned', message: `Outputs are at ${after.toFixed(1)} dB of the float model's, rounded to nearest at ${before.toFixed(1)}. ${errors}` })
  },
})

function listed(names: readonly string[]): string {
  return `${names.slice(0, SHOWN_LAYERS).join(', ')}${names.length > SHOWN_LAYERS ? ', …' : ''}`
}

function apply(edit: Edit, { node: { id }, tensor, biasChange }: Learned): void {
  edit.setInitializer(edit.main, tensor)
  const node = edit.document.index(edit.main).nodes.get(id)
  if (node && biasChange) addToBias(edit, edit.main, node, biasChange)
}

interface Learned {
  readonly node: Node
  /** The new codes, under the name of the old. */
  readonly tensor: Tensor
  /** What the bias takes over of the products' mean error, for each output channel; null where there is none to take it. */
  readonly biasChange: Float64Array | null
  /** Mean square error of the products beside that of rounding to nearest, on samples held out. */
  readonly ratio: number
}

interface LearningNeeds {
  readonly context: PassContext
  readonly samples: SplitSamples
}

/** Inputs are taken as the float model sees them, layer by layer. Layers that are no nearer on the samples held out are not learned. */
async function learnAll(edit: Edit, float: Model, { context, samples }: LearningNeeds): Promise<{ learned: Learned[]; reverted: Node[] }> {
  const source = new ModelDocument(snapshotModel({ model: float }))
  const found = new Map<number, Rounding>()
  const [learned, reverted]: [Learned[], Node[]] = [[], []]
  const products = await openMatrixProducts(context.runner)
  const momentsOn = (look: Edit, layers: readonly LinearLayer[], calibration: CalibrationData) =>
    patchMoments(look, layers, { context: { ...context, calibration }, products, maxSamples: calibration.sampleCount, maxProductColumns: WIDEST_INPUT })
  try {
    await source.transact('look', async (look) => {
      const layers = look.main.nodes.flatMap((node): LinearLayer[] => {
        const layer = linearLayer(source, look.main, node, 1)
        return !('reason' in layer) && layer.columns <= WIDEST_INPUT && codesOf(edit, node.id) ? [layer] : []
      })
      for await (const moments of momentsOn(look, layers, samples.learned)) {
        for (const layer of layers) {
          const moment = moments.get(layer.node.id)
          const codes = codesOf(edit, layer.node.id)
          if (!moment?.products || !codes) continue
          context.signal.throwIfAborted()
          context.progress('learning-rounding', found.size / layers.length, layer.node.name)
          const rounding = learnLayer(layer, codes, { products: moment.products, mean: moment.mean, bias: biasOf(edit, layer) })
          if (rounding) found.set(layer.node.id, rounding)
        }
      }
      const changed = layers.filter(({ node }) => found.has(node.id))
      for await (const moments of momentsOn(look, changed, samples.heldOut)) {
        for (const layer of changed) {
          const [moment, rounding, codes] = [moments.get(layer.node.id), found.get(layer.node.id), codesOf(edit, layer.node.id)]
          if (!moment?.products || !rounding || !codes) continue
          context.signal.throwIfAborted()
          const unseen = { products: moment.products, mean: moment.mean }
          const ratio = errorOf(layer, codes, { tensor: rounding.tensor, offsets: rounding.offsets }, unseen) / errorOf(layer, codes, { tensor: codes.tensor, offsets: rounding.offsetsBefore }, unseen)
          if (ratio < 1) learned.push({ node: layer.node, tensor: rounding.tensor, biasChange: rounding.biasChange, ratio })
          else reverted.push(layer.node)
        }
      }
    })
  } finally {
    await products.close()
  }
  return { learned, reverted }
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

/** What takes over the mean of a layer's errors: nothing, a bias as in the float model, or one that was corrected to have the right mean as it is. */
type BiasState = 'none' | 'as-in-float' | 'corrected'

function biasOf(edit: Edit, { node: { id }, bias, rows }: LinearLayer): BiasState {
  const node = edit.document.index(edit.main).nodes.get(id)
  if (!node || node.opType === 'MatMul' || !canAddToBias(edit, edit.main, node) || (bias && bias.dims.join() !== `${rows}`)) return 'none'
  const present = biasValues(edit, edit.main, node)
  if (!present) return 'as-in-float'
  const original = bias ? tensorFloats(bias) : null
  const isRounded = present.values.every((value, channel) => Math.abs(value - (original?.[channel] ?? 0)) <= (present.steps?.[present.steps.length === 1 ? 0 : channel] ?? 0))
  return isRounded ? 'as-in-float' : 'corrected'
}

interface Moments {
  /** As in `PatchMoments`. */
  readonly products: Float64Array
  readonly mean: Float64Array
}

interface Rounding {
  readonly tensor: Tensor
  /** What is added to the products of each output channel beside the float bias, in steps of its weights: as learned, and before. */
  readonly offsets: Float64Array
  readonly offsetsBefore: Float64Array
  readonly biasChange: Float64Array | null
}

/** Null where nothing is turned. */
function learnLayer(layer: LinearLayer, codes: Codes, { products, mean, bias }: Moments & { readonly bias: BiasState }): Rounding | null {
  const { columns, rows, rowsFirst, groups } = layer
  const { tensor, type, scales } = codes
  if (scales.length !== 1 && scales.length !== rows) return null
  const present = codeMatrix(layer, tensor)
  // Reduced ranges stay reduced.
  let [qmin, qmax] = [Infinity, -Infinity]
  for (const code of present) [qmin, qmax] = [Math.min(qmin, code), Math.max(qmax, code)]
  const steps = stepsOf(layer, codes)
  const [perGroup, square] = [steps.length / groups, columns * columns]
  const matrix = new Float64Array(steps.length)
  for (let group = 0; group < groups; group++) {
    const [own, around] = [products.subarray(group * square, (group + 1) * square), mean.subarray(group * columns, (group + 1) * columns)]
    // A bias takes the mean: what is left are the errors around it.
    const left = bias === 'none' ? own : own.map((value, at) => value - (around[Math.floor(at / columns)] as number) * (around[at % columns] as number))
    matrix.set(nearestProducts({ steps: steps.subarray(group * perGroup, (group + 1) * perGroup), columns, products: left, qmin, qmax }).codes, group * perGroup)
  }
  if (matrix.every((code, at) => code === present[at])) return null
  const values = quantizedArray(type, matrix.length)
  values.set(rowsFirst ? matrix : transposeMatrix(Float32Array.from(matrix), rows, columns))
  const meanErrors = (found: ArrayLike<number>) => new Float64Array(rows).map((_, row) => -meanError(layer, { errors: steps.subarray(row * columns, (row + 1) * columns).map((step, at) => (found[row * columns + at] as number) - step), row, mean }))
  const offsets = bias === 'none' ? new Float64Array(rows) : meanErrors(matrix)
  const offsetsBefore = bias === 'corrected' ? meanErrors(present) : new Float64Array(rows)
  const biasChange = bias === 'none' ? null : offsets.map((offset, row) => (offset - (offsetsBefore[row] as number)) * (scales[scales.length === 1 ? 0 : row] as number))
  return { tensor: rawTensor(tensor.name, type, tensor.dims, bytesOf(values)), offsets, offsetsBefore, biasChange }
}

/** Real weights in steps of their channel's scale, zero point added: [rows, columns]. */
function stepsOf(layer: LinearLayer, { scales, zeroPoints }: Codes): Float64Array {
  return Float64Array.from(weightMatrix(layer), (value, at) => {
    const channel = scales.length === 1 ? 0 : Math.floor(at / layer.columns)
    return value / (scales[channel] as number) + (zeroPoints[channel] as number)
  })
}

/** [rows, columns] */
function codeMatrix({ rows, columns, rowsFirst }: LinearLayer, tensor: Tensor): Float32Array {
  const codes = Float32Array.from(tensorNumbers(tensor) as ArrayLike<number>)
  return rowsFirst ? codes : transposeMatrix(codes, columns, rows)
}

/** Mean of a row's error times its inputs. */
function meanError({ rows, columns, groups }: LinearLayer, { errors, row, mean }: { errors: Float64Array; row: number; mean: Float64Array }): number {
  const group = Math.floor((row * groups) / rows)
  return errors.reduce((sum, error, at) => sum + error * (mean[group * columns + at] as number), 0)
}

/** Mean square error of the products, in steps: that of E[(eᵀx + offset)²], over all output channels. */
function errorOf(layer: LinearLayer, codes: Codes, { tensor, offsets }: Pick<Rounding, 'tensor' | 'offsets'>, { products, mean }: Moments): number {
  const { rows, columns, groups } = layer
  const [steps, found] = [stepsOf(layer, codes), codeMatrix(layer, tensor)]
  const scaleOf = (row: number) => codes.scales[codes.scales.length === 1 ? 0 : row] as number
  let total = 0
  for (let row = 0; row < rows; row++) {
    const errors = steps.subarray(row * columns, (row + 1) * columns).map((step, at) => (found[row * columns + at] as number) - step)
    const first = Math.floor((row * groups) / rows) * columns * columns
    const offset = offsets[row] as number
    let sum = offset * offset + 2 * offset * meanError(layer, { errors, row, mean })
    for (let at = 0; at < columns; at++) {
      let along = 0
      for (let column = 0, index = first + at * columns; column < columns; column++, index++) along += (errors[column] as number) * (products[index] as number)
      sum += (errors[at] as number) * along
    }
    total += sum * scaleOf(row) ** 2
  }
  return total
}
