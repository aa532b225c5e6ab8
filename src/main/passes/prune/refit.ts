/** Fitting the layers of a cut model to what the same layers gave before, from calibration data and forward passes only. */
import type { Edit } from '#shared/onnx/document'
import type { Model, Node } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { openMatrixProducts } from '../../runtime/linear-algebra'
import type { TensorValue } from '../../runtime/model-runner'
import { constantTensor, elementsOf } from '../constants'
import type { PassContext } from '../pass'
import { float32Numbers, observe } from '../recovery/observe'
import { snapshotModel } from '../recovery/snapshot-model'
import { floatValues } from '../weight-store'
import { distillWeights } from './distill'
import { type CutLayers, type FittedLayer, layersToFit } from './fitted-layer'
import { type Fit, fitWeights, NormalEquations } from './normal-equations'
import { copyPatch, outputSizes } from './patches'

export interface RefitOptions extends CutLayers {
  /** The model as it was: nodes have the same ids. */
  readonly source: Model
  /** Fit to what comes out of the activations behind layers, too. */
  readonly activations?: boolean
  readonly context: PassContext
  readonly limit: number
}

/** How far one layer was from the source's, as a share of it (squares), before and after fitting, on samples held back. */
export interface LayerFit {
  readonly nodeId: number
  readonly before: number
  readonly after: number
  /** The same of what comes out of the activation behind it, before and after it was fitted to that; null where it was not. */
  readonly activations: { readonly before: number; readonly after: number } | null
}

/** Rows taken from one sample, and of a layer in all: more add little to what a layer's weights are fitted to. */
const ROWS_PER_SAMPLE = 96
const MOST_ROWS = 24_576
/** Every fourth sample is held back to choose the ridge by. */
const HELD_BACK = 4
/** Targets held in memory at once. */
const BUDGET_BYTES = 384 * 1024 * 1024
/** Rows of a layer that are kept for fitting to its activations; layers with more are fitted to what comes before them alone. */
const KEPT_BYTES = 384 * 1024 * 1024

/**
 * Layer by layer, in the order they compute: W' = argmin ‖Y − X·W'‖² with X as the cut model gives it now, so that each fit makes up for
 * those before it too (He et al. 2017, section 3.3). Where a layer's output is added to another that is settled already, Y is what the
 * source's sum was, less that other. Weights change only where that helps on samples held back.
 */
export async function refitLayers(edit: Edit, { source, outputs, changed, activations = false, context, limit }: RefitOptions): Promise<LayerFit[]> {
  const layers = layersToFit(edit, source, { outputs, changed })
  if (layers.length === 0) return []
  const products = await openMatrixProducts(context.runner)
  const fits: LayerFit[] = []
  const samples = Math.min(limit, context.calibration?.sampleCount ?? 0)
  const rowsPerSample = Math.max(1, Math.min(ROWS_PER_SAMPLE, Math.floor(MOST_ROWS / samples)))
  try {
    for (const chunk of chunksWithinMemory(layers, samples * rowsPerSample)) {
      const targets = await collectTargets(source, chunk, { context, limit, rowsPerSample })
      for (const layer of chunk) {
        context.progress('refitting', layers.indexOf(layer) / layers.length, `${layers.indexOf(layer) + 1} / ${layers.length}`)
        const keepRows = activations && layer.bounds !== null && 4 * samples * rowsPerSample * layer.groups.length * (layer.size + 2 * layer.columns) <= KEPT_BYTES
        const equations = layer.groups.map(() => [new NormalEquations(layer.size, layer.columns, products, { keepRows }), new NormalEquations(layer.size, layer.columns, products, { keepRows })] as const)
        await collectRows(edit, layer, { equations, targets: targets.get(layer.nodeId) ?? [], context, limit, rowsPerSample })
        const found = await fitGroups(edit, layer, equations)
        if (found) fits.push({ nodeId: layer.nodeId, ...found })
      }
    }
  } finally {
    await products.close()
  }
  return fits
}

function chunksWithinMemory(layers: readonly FittedLayer[], rows: number): FittedLayer[][] {
  const chunks: FittedLayer[][] = []
  let used = Infinity
  for (const layer of layers) {
    const bytes = layer.kept.length * rows * 4
    if (used + bytes > BUDGET_BYTES) {
      chunks.push([])
      used = 0
    }
    chunks.at(-1)?.push(layer)
    used += bytes
  }
  return chunks
}

interface Collecting {
  readonly context: PassContext
  readonly limit: number
  readonly rowsPerSample: number
}

/** For each layer and sample, [rows, kept outputs]. */
async function collectTargets(source: Model, layers: readonly FittedLayer[], { context, limit, rowsPerSample }: Collecting): Promise<Map<number, Float32Array[]>> {
  const targets = new Map(layers.map(({ nodeId }): [number, Float32Array[]] => [nodeId, []]))
  let sample = 0
  await observe(source, context, { names: [...new Set(layers.map(({ target }) => target))], limit }, (values) => {
    for (const layer of layers) targets.get(layer.nodeId)?.push(targetRows(layer, values.get(layer.target), { sample, rowsPerSample }))
    sample++
  })
  return targets
}

function targetRows(layer: FittedLayer, value: TensorValue | undefined, { sample, rowsPerSample }: { sample: number; rowsPerSample: number }): Float32Array {
  const numbers = float32Numbers(value)
  const grid = gridOf(layer, value?.dims ?? [])
  const positions = choosePositions(grid.count, { sample, rowsPerSample })
  const rows = new Float32Array(positions.length * layer.kept.length)
  for (const [row, position] of positions.entries()) {
    for (const [at, channel] of layer.kept.entries()) rows[row * layer.kept.length + at] = numbers[grid.offset(position, channel)] as number
  }
  return rows
}

interface Grid {
  /** Positions of a value, over batch and space. */
  readonly count: number
  readonly offset: (position: number, channel: number) => number
  readonly place: (position: number) => { batch: number; place: readonly number[] }
}

function gridOf({ window }: FittedLayer, dims: readonly number[]): Grid {
  if (!window) {
    const columns = dims.at(-1) ?? 1
    return { count: elementsOf(dims.slice(0, -1)), offset: (position, channel) => position * columns + channel, place: (position) => ({ batch: position, place: [] }) }
  }
  const space = elementsOf(dims.slice(2))
  const width = dims.at(-1) ?? 1
  return {
    count: (dims[0] ?? 1) * space,
    offset: (position, channel) => (Math.floor(position / space) * (dims[1] ?? 1) + channel) * space + (position % space),
    place: (position) => ({ batch: Math.floor(position / space), place: dims.length > 3 ? [Math.floor((position % space) / width), position % width] : [position % space] }),
  }
}

/** Spread over the value, others for each sample, always the same ones. */
export function choosePositions(count: number, { sample, rowsPerSample }: { sample: number; rowsPerSample: number }): number[] {
  if (count <= rowsPerSample) return Array.from({ length: count }, (_, at) => at)
  const step = count / rowsPerSample
  let state = (sample * 2_654_435_761 + 12_345) >>> 0
  return Array.from({ length: rowsPerSample }, (_, at) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.min(count - 1, Math.floor((at + state / 2 ** 32) * step))
  })
}

interface Rows extends Collecting {
  readonly equations: readonly (readonly [fitted: NormalEquations, held: NormalEquations])[]
  readonly targets: readonly Float32Array[]
}

async function collectRows(edit: Edit, layer: FittedLayer, { equations, targets, context, limit, rowsPerSample }: Rows): Promise<void> {
  const names = [layer.input, ...(layer.minus === null ? [] : [layer.minus])]
  let sample = 0
  await observe(snapshotModel(edit.document), context, { names, limit }, async (values) => {
    const input = values.get(layer.input)
    if (!input) throw new Error('internal: a value was not fetched')
    await addSample(layer, { input, minus: layer.minus === null ? undefined : values.get(layer.minus), sample }, { equations, targets: targets[sample] ?? new Float32Array(), rowsPerSample })
    sample++
  })
  for (const [fitted, held] of equations) {
    await fitted.flush()
    await held.flush()
  }
}

interface SampleRows {
  readonly equations: Rows['equations']
  readonly targets: Float32Array
  readonly rowsPerSample: number
}

async function addSample(layer: FittedLayer, { input, minus, sample }: { input: TensorValue; minus: TensorValue | undefined; sample: number }, { equations, targets, rowsPerSample }: SampleRows): Promise<void> {
  const values = float32Numbers(input)
  const taken = minus ? float32Numbers(minus) : null
  const outputs = layer.kept.length
  const grid = gridOf(layer, outputDims(layer, input.dims))
  const positions = choosePositions(grid.count, { sample, rowsPerSample })
  for (const [row, position] of positions.entries()) {
    const { batch, place } = grid.place(position)
    for (const group of layer.groups) {
      const pair = equations[group]
      const part = pair?.[sample % HELD_BACK === HELD_BACK - 1 ? 1 : 0]
      const isFull = part?.add({
        inputs: ({ into, at }) => {
          if (layer.window) {
            copyPatch({ values, dims: input.dims, window: layer.window }, { batch, place }, { into, at, firstChannel: group * layer.inputsPerGroup, channels: layer.inputsPerGroup })
          } else into.set(values.subarray(batch * layer.inputsPerGroup, (batch + 1) * layer.inputsPerGroup), at)
          if (layer.biasInput !== null) into[at + layer.size - 1] = 1
        },
        targets: ({ into, at }) => {
          for (let column = 0; column < layer.columns; column++) {
            const channel = group * layer.columns + column
            into[at + column] = (targets[row * outputs + channel] as number) - (taken ? (taken[grid.offset(position, channel)] as number) : 0)
          }
        },
        ...(taken && {
          others: ({ into, at }) => {
            for (let column = 0; column < layer.columns; column++) into[at + column] = taken[grid.offset(position, group * layer.columns + column)] as number
          },
        }),
      })
      if (isFull) await part?.flush()
    }
  }
}

/** Dimensions of the layer's output, from its input's. */
function outputDims({ window, kept }: FittedLayer, dims: readonly number[]): number[] {
  if (!window) return [...dims.slice(0, -1), kept.length]
  return [dims[0] ?? 1, kept.length, ...outputSizes(window, dims.slice(2))]
}

/** Null where no group does better than it did. */
async function fitGroups(edit: Edit, layer: FittedLayer, equations: Rows['equations']): Promise<Omit<LayerFit, 'nodeId'> | null> {
  const node = edit.document.index(edit.main).nodes.get(layer.nodeId)
  if (!node) throw new Error('internal: a layer went away while it was fitted')
  const weights = Float32Array.from(floatValues(layer.weight))
  const outputs = layer.kept.length
  const biasName = layer.biasInput === null ? '' : (node.inputs[layer.biasInput] ?? '')
  const known = biasName === '' ? null : constantTensor(edit.document, edit.main, biasName)
  const bias = known ? Float32Array.from(floatValues(known)) : new Float32Array(outputs)
  let [before, after, squares, isBetter] = [0, 0, 0, false]
  const behind = { before: 0, after: 0, squares: 0 }
  for (const group of layer.groups) {
    const pair = equations[group]
    if (!pair) continue
    const start = readGroup(layer, group, { weights, bias })
    const fit: Fit | null = await fitWeights(pair[0], pair[1], start)
    const share = pair[1].targetSquares
    const own = fit?.before ?? (share > 0 ? (await pair[1].error(start)) / share : 0)
    squares += share
    before += own * share
    after += (fit?.after ?? own) * share
    if (!fit) continue
    isBetter = true
    const distilled = layer.bounds && pair[0].kept.length > 0 ? await distillWeights(pair[0], pair[1], { fit, start, bounds: layer.bounds }) : null
    if (distilled) for (const part of ['before', 'after', 'squares'] as const) behind[part] += distilled[part]
    writeGroup(layer, group, { weights, bias, from: (distilled ?? fit).weights })
  }
  if (!isBetter) return null
  edit.setInitializer(edit.main, rawTensor(layer.weight.name, 'float32', layer.weight.dims, bytesOf(weights)))
  if (layer.biasInput !== null) storeBias(edit, node, { name: biasName, bias, input: layer.biasInput })
  const activations = behind.squares > 0 ? { before: behind.before / behind.squares, after: behind.after / behind.squares } : null
  return { before: before / (squares || 1), after: after / (squares || 1), activations }
}

function storeBias(edit: Edit, node: Node, { name, bias, input }: { name: string; bias: Float32Array; input: number }): void {
  if (name !== '') return edit.setInitializer(edit.main, rawTensor(name, 'float32', [bias.length], bytesOf(bias)))
  const made = edit.freshName(edit.main, `${node.inputs[1] ?? ''}.bias`)
  edit.setInitializer(edit.main, rawTensor(made, 'float32', [bias.length], bytesOf(bias)))
  const inputs = [...node.inputs]
  while (inputs.length <= input) inputs.push('')
  edit.updateNode(edit.main, node, { inputs: inputs.with(input, made) })
}

interface Parameters {
  readonly weights: Float32Array
  readonly bias: Float32Array
}

/** Index in the weight of unknown `row` of an output. */
function weightIndex(layer: FittedLayer, output: number, row: number): number {
  const inputs = layer.size - (layer.biasInput === null ? 0 : 1)
  return layer.window || layer.transposed ? output * inputs + row : row * layer.kept.length + output
}

/** [size, columns] */
function readGroup(layer: FittedLayer, group: number, { weights, bias }: Parameters): Float64Array {
  const inputs = layer.size - (layer.biasInput === null ? 0 : 1)
  const result = new Float64Array(layer.size * layer.columns)
  for (let column = 0; column < layer.columns; column++) {
    const output = group * layer.columns + column
    for (let row = 0; row < inputs; row++) result[row * layer.columns + column] = weights[weightIndex(layer, output, row)] as number
    if (layer.biasInput !== null) result[inputs * layer.columns + column] = bias[output] as number
  }
  return result
}

function writeGroup(layer: FittedLayer, group: number, { weights, bias, from }: Parameters & { from: Float64Array }): void {
  const inputs = layer.size - (layer.biasInput === null ? 0 : 1)
  for (let column = 0; column < layer.columns; column++) {
    const output = group * layer.columns + column
    for (let row = 0; row < inputs; row++) weights[weightIndex(layer, output, row)] = from[row * layer.columns + column] as number
    if (layer.biasInput !== null) bias[output] = from[inputs * layer.columns + column] as number
  }
}
