/** Quantization that looks at what the weights are multiplied with: GPTQ and AWQ over all products of a model. */
import { AppError } from '#shared/errors'
import type { Edit } from '#shared/onnx/document'
import type { MatrixProducts } from '../../runtime/linear-algebra'
import type { PassContext } from '../pass'
import { float32Numbers } from '../recovery/observe'
import { squaresOf } from '../static/body-measures'
import { observableBodies } from '../static/observe-bodies'
import { observeInBodies } from '../static/observe-body-values'
import type { BlockFormat, BlockQuantizer, BlockWeights } from './block-weights'
import { factorInput, gptq } from './gptq'
import { collectMoments, dataOf, type InputMoments, roundsWithinMemory } from './input-moments'
import { moveScales, multipliersOf, searchScales } from './scale-activations'
import { matrixOf, weightKey, type WeightTarget } from './weight-targets'

/** Wider inputs would take minutes and gigabytes each: XᵀX grows with the square of their width, its factors' time with the cube. */
const WIDEST_INPUT = 4096

export interface ActivationAwareOptions {
  readonly format: BlockFormat
  readonly context: PassContext
  readonly products: MatrixProducts
  readonly maxSamples: number
}

/**
 * Weights quantized by GPTQ, by `weightKey`. Those that are missing have inputs that cannot be observed or were zero; a diagnostic
 * says so. Inputs are those of the float model; a weight with several readers goes by the first.
 */
export async function quantizeByGptq(
  edit: Edit,
  targets: readonly WeightTarget[],
  options: ActivationAwareOptions & { readonly damping: number; readonly actOrder: boolean; readonly grid: BlockQuantizer },
): Promise<Map<string, BlockWeights>> {
  const { format, context } = options
  const groups = groupByInput(edit, targets)
  const inBodies = groupInBodies(edit, targets)
  const quantized = new Map<string, BlockWeights>()
  const observed = new Set([...groups.values(), ...inBodies.values()].flat())
  const missed: WeightTarget[] = targets.filter((target) => target.kind === 'product' && !observed.has(target))
  let done = 0
  const quantizeGroup = async (group: readonly WeightTarget[], found: Pick<InputMoments, 'squares' | 'columns'> | null): Promise<void> => {
    const factor = found ? await factorInput(found, options) : null
    for (const target of group) {
      context.signal.throwIfAborted()
      context.progress('quantizing', done++ / targets.length, target.node.name)
      if (!factor) missed.push(target)
      else if (!quantized.has(weightKey(target))) quantized.set(weightKey(target), await gptq(matrixOf(target), format, factor, options))
    }
  }
  for (const round of roundsWithinMemory(columnsOf(groups))) {
    const moments = await collectMoments(edit, round, options)
    for (const name of round.keys()) await quantizeGroup(groups.get(name) ?? [], moments.get(name) ?? null)
  }
  for (const round of roundsWithinMemory(columnsOf(inBodies))) {
    const members = [...round.keys()].map((key) => inBodies.get(key) ?? [])
    const squares = await collectBodySquares(edit, members, options).catch((error: unknown) => {
      // onnxruntime may refuse to bring something out of some bodies: then they are not looked into.
      if (error instanceof AppError && error.code === 'runtime-rejected') return []
      throw error
    })
    for (const [at, group] of members.entries()) await quantizeGroup(group, squares[at] ?? null)
  }
  reportMissed(context, missed, 'gptq')
  return quantized
}

/** Of each group's input, over all samples and rounds; null where it was never computed or not finite. */
async function collectBodySquares(edit: Edit, groups: readonly (readonly WeightTarget[])[], { context, maxSamples }: ActivationAwareOptions): Promise<(Pick<InputMoments, 'squares' | 'columns'> | null)[]> {
  const inputs = groups.flatMap(([first]) => (first ? [{ body: first.graph, name: first.node.inputs[0] ?? '', columns: first.columns }] : []))
  const sums = inputs.map(({ columns }) => new Float64Array(columns * columns))
  const wanted = inputs.map(({ body, name, columns }) => ({ body, name, measure: squaresOf(columns) }))
  const quiet = { ...context, calibration: dataOf(context), progress: (phase: string, _: number | null, detail?: string) => context.progress(phase, null, detail) }
  await observeInBodies(edit, wanted, { context: quiet, maxSamples, share: { from: 0, to: 1 }, exact: false }, (outputs) => {
    for (const [at, sum] of sums.entries()) if (outputs[at]) float32Numbers(outputs[at]).forEach((value, index) => (sum[index] = (sum[index] as number) + value))
  })
  return sums.map((squares, at) => (squares.every(Number.isFinite) ? { squares, columns: inputs[at]?.columns ?? 0 } : null))
}

/** Moves the magnitudes of activations into the weights that read them, where that makes the quantized products more exact. */
export async function scaleByAwq(edit: Edit, targets: readonly WeightTarget[], options: ActivationAwareOptions): Promise<void> {
  const { format, context, products } = options
  const groups = groupByInput(edit, targets)
  const foldable = new Map([...groups].filter(([name, group]) => multipliersOf(edit, name, group) !== null))
  const missed = targets.filter((target) => target.kind === 'product' && !(isObservable(edit, target) && foldable.has(target.node.inputs[0] ?? '')))
  let done = 0
  for (const round of roundsWithinMemory(columnsOf(foldable))) {
    const moments = await collectMoments(edit, round, options)
    for (const name of round.keys()) {
      context.signal.throwIfAborted()
      context.progress('scaling', done++ / foldable.size, name)
      const group = foldable.get(name) ?? []
      const found = moments.get(name)
      const scales = found ? await searchScales(group, found, format, products) : null
      const made = multipliersOf(edit, name, group)
      if (!found) missed.push(...group)
      else if (scales && made) moveScales(edit, group, made, scales)
    }
  }
  reportMissed(context, missed, 'awq')
}

function isObservable(edit: Edit, { graph, columns }: WeightTarget): boolean {
  return graph === edit.main && columns <= WIDEST_INPUT
}

function groupByInput(edit: Edit, targets: readonly WeightTarget[]): Map<string, WeightTarget[]> {
  const groups = new Map<string, WeightTarget[]>()
  for (const target of targets) {
    if (target.kind !== 'product' || !isObservable(edit, target)) continue
    const name = target.node.inputs[0] ?? ''
    const group = groups.get(name)
    if (group) group.push(target)
    else groups.set(name, [target])
  }
  return groups
}

/** Products within If, Loop and Scan, by graph and input. */
function groupInBodies(edit: Edit, targets: readonly WeightTarget[]): Map<string, WeightTarget[]> {
  const bodies = new Set(observableBodies(edit.document))
  const groups = new Map<string, WeightTarget[]>()
  for (const target of targets) {
    if (target.kind !== 'product' || !bodies.has(target.graph) || target.columns > WIDEST_INPUT) continue
    const key = JSON.stringify([target.graph.id, target.node.inputs[0]])
    const group = groups.get(key)
    if (group) group.push(target)
    else groups.set(key, [target])
  }
  return groups
}

function columnsOf(groups: ReadonlyMap<string, readonly WeightTarget[]>): Map<string, number> {
  return new Map([...groups].map(([name, group]) => [name, group[0]?.columns ?? 0]))
}

function reportMissed(context: PassContext, missed: readonly WeightTarget[], method: 'awq' | 'gptq'): void {
  if (missed.length === 0) return
  const reason =
    method === 'gptq'
      ? `their inputs cannot be observed, are wider than ${WIDEST_INPUT}, or were zero in calibration`
      : `no normalization or Mul of their own makes their input, which could take the scales, or it is wider than ${WIDEST_INPUT}`
  const names = missed.slice(0, 3).map(({ node }) => `'${node.name === '' ? (node.outputs[0] ?? '') : node.name}'`)
  context.report({
    severity: 'info',
    code: `${method}-left-out`,
    message: `${missed.length} ${missed.length === 1 ? 'product was' : 'products were'} quantized without ${method}: ${reason} (${names.join(', ')}${missed.length > 3 ? ', …' : ''}).`,
  })
}
