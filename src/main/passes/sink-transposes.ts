import { z } from 'zod'
import { intAttribute, intsAttribute, makeInt, makeInts } from '#shared/onnx/attributes'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import type { Node } from '#shared/onnx/records'
import { constantTensor, elementsOf } from './constants'
import { dropConstants, onlyReader, producerOf, removeUnread, shapeOf, type Site, visitNodes } from './fuse/graph-match'
import { definePass } from './pass'

/** They compute each element from the one in the same place. */
const ELEMENTWISE = /^(Abs|Ceil|Celu|Clip|Cos|Elu|Erf|Exp|Floor|Gelu|HardSigmoid|HardSwish|LeakyRelu|Log|Mish|Neg|Not|Reciprocal|Relu|Round|Selu|Sigmoid|Sign|Sin|Softplus|Softsign|Sqrt|Tanh|ThresholdedRelu|Cast)$/
const PAIRWISE = /^(Add|Div|Equal|Greater|GreaterOrEqual|Less|LessOrEqual|Max|Min|Mul|Pow|PRelu|Sub)$/

export const sinkTransposes = definePass({
  name: 'sink-transposes',
  title: 'Cancel Transposes across operators',
  description: 'Moves a Transpose behind the operators that work on each element, and behind Concat and Softmax, where it meets another one that undoes it or merges with it.',
  calibration: 'none',
  keepsResults: true,
  options: z.strictObject({}),
  run(edit) {
    // Each round takes at least one Transpose out, so they end.
    for (let types = inferTypes(edit.document), moved = true; moved; types = inferTypes(edit.document)) {
      moved = false
      visitNodes(edit, types, (site, node) => {
        if (!moved && node.opType === 'Transpose') moved = sink(site, node)
      })
    }
  },
})

interface Step {
  readonly node: Node
  /** Inputs that come from the same permutation, to be read from before it. */
  readonly transposes: readonly Node[]
  /** Constants that are stretched along all axes but one, by input, with the dimensions that go with the order before. */
  readonly constants: ReadonlyMap<string, readonly number[]>
}

/** Moves the Transpose down to where one less is left, and nowhere if there is no such place. */
function sink(site: Site, transpose: Node): boolean {
  const perm = intsAttribute(transpose, 'perm', null)
  if (!perm) return false
  const steps: Step[] = []
  let merged = 0
  for (let at = transpose.outputs[0]; at !== undefined; ) {
    const node = onlyReader(site, at)
    if (node?.opType === 'Transpose') {
      const outer = intsAttribute(node, 'perm', null)
      if (!outer) return false
      if (steps.length > 0) apply(site, steps, perm)
      else site.edit.setInput(site.graph, node, 0, transpose.inputs[0] ?? '')
      removeUnread(site, [transpose])
      join(site, node, outer.map((axis) => perm[axis] ?? 0))
      return true
    }
    const step = node && stepOver(site, node, perm, at)
    if (!step) break
    steps.push(step)
    merged += step.transposes.length - (steps.length === 1 ? 1 : 0)
    // Two Transposes into one is worth it by itself.
    if (merged > 0) {
      const last = apply(site, steps, perm)
      append(site, last, perm)
      return true
    }
    at = step.node.outputs[0]
  }
  return false
}

/** What it takes to move a Transpose from the input `at` of `node` to its output; null where it cannot be. */
function stepOver(site: Site, node: Node, perm: readonly number[], at: string): Step | null {
  if (node.outputs.length !== 1 || shapeOf(site, node.outputs[0])?.length !== perm.length) return null
  if (ELEMENTWISE.test(node.opType) && node.inputs[0] === at) return { node, transposes: transposesOf(site, [at]), constants: new Map() }
  if (node.opType === 'Softmax' || node.opType === 'LogSoftmax') return { node, transposes: transposesOf(site, [at]), constants: new Map() }
  if (!PAIRWISE.test(node.opType) && node.opType !== 'Concat') return null
  const transposes: Node[] = []
  const constants = new Map<string, readonly number[]>()
  for (const name of node.inputs) {
    if (name === at) {
      transposes.push(...transposesOf(site, [name]))
      continue
    }
    const constant = constantTensor(site.edit.document, site.graph, name)
    if (constant && node.opType !== 'Concat' && constant.dims.length <= perm.length) {
      const dims = dimsBefore(constant.dims, perm)
      if (!dims) return null
      if (elementsOf(dims) > 1) constants.set(name, dims)
      continue
    }
    const producer = producerOf(site, name, 'Transpose')
    if (!producer || intsAttribute(producer, 'perm', null)?.join() !== perm.join() || !onlyReader(site, name)) return null
    transposes.push(producer)
  }
  return { node, transposes, constants }
}

/** The dimensions in the order before `perm`, where at most one of them is not 1: then the values stay as they lie. */
function dimsBefore(dims: readonly number[], perm: readonly number[]): number[] | null {
  const whole = [...perm.slice(dims.length).map(() => 1), ...dims]
  if (whole.filter((dim) => dim !== 1).length > 1) return null
  const before = perm.map(() => 1)
  perm.forEach((axis, at) => (before[axis] = whole[at] ?? 1))
  return before
}

/** The Transposes that make these values; none where a step before took them away already. */
function transposesOf(site: Site, names: readonly string[]): Node[] {
  return names.flatMap((name) => producerOf(site, name, 'Transpose') ?? [])
}

/** Makes each node of the way compute on what is not yet transposed. Returns the last. */
function apply({ edit, graph }: Site, steps: readonly Step[], perm: readonly number[]): Node {
  let last: Node | undefined
  const gone: Node[] = []
  for (const { node, transposes, constants } of steps) {
    const made = new Map(transposes.map((each) => [each.outputs[0] ?? '', each.inputs[0] ?? '']))
    for (const [name, dims] of constants) made.set(name, storeAs({ edit, graph }, name, dims))
    gone.push(...transposes)
    const axisOp = node.opType === 'Concat' || node.opType === 'Softmax' || node.opType === 'LogSoftmax'
    const axis = intAttribute(node, 'axis', node.opType === 'Concat' ? 0 : -1)
    const moved = perm[axis < 0 ? axis + perm.length : axis] ?? 0
    last = edit.updateNode(graph, node, { inputs: node.inputs.map((name) => made.get(name) ?? name) })
    if (axisOp) last = edit.setAttribute(graph, last, 'axis', makeInt('axis', moved))
    // Its shape is another one now.
    const changed = new Set(node.outputs)
    edit.updateGraph(graph, { valueInfo: graph.valueInfo.filter(({ name }) => !changed.has(name)) })
  }
  removeUnread({ edit, graph }, gone)
  dropConstants({ edit, graph }, steps.flatMap(({ constants }) => [...constants.keys()]))
  if (!last) throw new Error('internal: a Transpose moved over nothing')
  return last
}

/** The same values under another name, with other dimensions. */
function storeAs({ edit, graph }: Pick<Site, 'edit' | 'graph'>, name: string, dims: readonly number[]): string {
  const tensor = constantTensor(edit.document, graph, name)
  if (!tensor) throw new Error(`internal: '${name}' is not a constant`)
  const stored = edit.freshName(graph, `${name}.untransposed`)
  edit.setInitializer(graph, { ...tensor, name: stored, dims })
  return stored
}

/** Puts the Transpose behind `node`; what reads the result goes on reading it under its name. */
function append({ edit, graph }: Site, node: Node, perm: readonly number[]): void {
  const [output = ''] = node.outputs
  const inside = edit.freshName(graph, `${output}.untransposed`)
  const renamed = edit.updateNode(graph, node, { outputs: [inside] })
  edit.addNode(graph, { opType: 'Transpose', inputs: [inside], outputs: [output], attributes: [makeInts('perm', perm)] }, { after: renamed })
}

/** The Transpose at the end of the way, with both permutations in one, or none at all. */
function join(site: Site, node: Node, perm: readonly number[]): void {
  const { edit, graph } = site
  const [output = ''] = node.outputs
  const [input = ''] = site.edit.document.index(graph).nodes.get(node.id)?.inputs ?? []
  const isNothing = perm.every((axis, at) => axis === at) && !edit.document.uses(graph, output).some((use) => use.node === null)
  if (!isNothing) {
    edit.setAttribute(graph, node, 'perm', makeInts('perm', perm))
    return
  }
  edit.replaceUses(graph, output, input)
  removeUnread(site, [node])
}
