import { DATA_TYPES } from '../../data-type'
import type { Dim, Graph } from '../../records'
import { normalizeAxis, type Shape } from '../dims'
import { dataTypeOf, type Fact, joinFacts, sameType, shapeOf, tensorFact } from '../fact'
import type { NodeContext, RuleTable } from '../node-context'

const { int64, bool } = DATA_TYPES

/** Turns of a loop followed before its shapes are taken as ever changing. Each turn can only lose knowledge. */
const MAX_TURNS = 8

function branch(node: NodeContext): (Fact | null)[] {
  const [yes, no] = [node.graph('then_branch'), node.graph('else_branch')]
  const onTrue = yes ? node.inferSubgraph(yes, []) : []
  const onFalse = no ? node.inferSubgraph(no, []) : []
  const condition = node.elements(0)?.[0]
  if (typeof condition === 'number') return condition ? onTrue : onFalse
  return node.node.outputs.map((_, at) => joinFacts(onTrue[at] ?? null, onFalse[at] ?? null))
}

/** Runs a body with the loop-carried values widened until what goes in holds of what comes out. */
function untilStable(node: NodeContext, body: Graph, initial: readonly (Fact | null)[], fed: { before: readonly (Fact | null)[]; after: readonly (Fact | null)[]; skip: number }): (Fact | null)[] {
  // Contents change from turn to turn even where shapes do not.
  let carried = initial.map(withoutContents)
  for (let turn = 1; ; turn++) {
    const outputs = node.inferSubgraph(body, [...fed.before, ...carried, ...fed.after])
    const next = carried.map((fact, at) => withoutContents(joinFacts(fact, outputs[fed.skip + at] ?? null)))
    if (next.every((fact, at) => fact?.empty === carried[at]?.empty && sameType(fact?.type ?? null, carried[at]?.type ?? null))) return outputs
    carried = turn < MAX_TURNS ? next : next.map((fact) => fact && tensorFact(dataTypeOf(fact.type), null))
    if (turn > MAX_TURNS) return outputs
  }
}

function withoutContents(fact: Fact | null): Fact | null {
  return fact && (fact.empty ? { type: fact.type, empty: true } : { type: fact.type })
}

/** M, cond, carried… → carried…, scan outputs…; the body takes iteration, cond, carried… */
function loop(node: NodeContext): (Fact | null)[] {
  const body = node.graph('body')
  if (!body) return []
  // onnxruntime hands the two over in the rank that the body declares: a scalar or one element.
  const asDeclared = (at: number, dataType: number) => tensorFact(dataType, shapeOf(body.inputs[at]?.type ?? null)?.length === 1 ? [1] : [])
  const initial = node.inputs.slice(2)
  const outputs = untilStable(node, body, initial, { before: [asDeclared(0, int64.code), asDeclared(1, bool.code)], after: [], skip: 1 })
  const count = typeof outputs[0]?.elements?.[0] === 'number' && outputs[0].elements[0] !== 0 ? (node.elements(0)?.[0] ?? null) : null
  return outputs.slice(1).map((fact, at) => {
    if (at < initial.length) return joinFacts(fact, initial[at] ?? null)
    const shape = shapeOf(fact?.type ?? null)
    return tensorFact(dataTypeOf(fact?.type ?? null), shape ? [count, ...shape] : null)
  })
}

/** Opset 9 on: states…, scanned inputs… → states…, stacked outputs… */
function scan(node: NodeContext): (Fact | null)[] {
  const body = node.graph('body')
  if (!body) return []
  if (node.opset < 9) return []
  const scanned = node.int('num_scan_inputs', 0)
  const states = node.inputs.slice(0, node.inputs.length - scanned)
  const [inputAxes, outputAxes] = [node.ints('scan_input_axes'), node.ints('scan_output_axes')]
  let length: Dim = null
  const slices = node.inputs.slice(states.length).map((fact, at): Fact | null => {
    const shape = shapeOf(fact?.type ?? null)
    const axis = shape ? normalizeAxis(inputAxes?.[at] ?? 0, shape.length) : null
    if (!fact || !shape || axis === null) return tensorFact(dataTypeOf(fact?.type ?? null), null)
    length ??= shape[axis] ?? null
    return tensorFact(dataTypeOf(fact.type), shape.toSpliced(axis, 1))
  })
  const outputs = untilStable(node, body, states, { before: [], after: slices, skip: 0 })
  return outputs.map((fact, at) => {
    if (at < states.length) return joinFacts(fact, states[at] ?? null)
    return tensorFact(dataTypeOf(fact?.type ?? null), stacked(shapeOf(fact?.type ?? null), outputAxes?.[at - states.length] ?? 0, length))
  })
}

function stacked(shape: Shape | null, axis: number, length: Dim): Shape | null {
  const at = shape ? normalizeAxis(axis, shape.length + 1) : null
  return shape && at !== null ? shape.toSpliced(at, 0, length) : null
}

export const controlFlowRules: RuleTable = { If: branch, Loop: loop, Scan: scan }
