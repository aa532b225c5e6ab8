import { DATA_TYPES } from '#shared/onnx/data-type'
import { type Edit, sameDomain } from '#shared/onnx/document'
import type { TypeTable } from '#shared/onnx/infer/infer-types'
import type { Graph, Node } from '#shared/onnx/records'
import { constantTensor, isFloat32, opsetVersion } from '../constants'
import { quantizableWeight } from '../weight-store'
import type { Refusal } from '../refusal'
import type { Placement, PlacementTable } from './placement'

/** A node to run on integers. */
export interface ChosenNode {
  readonly node: Node
  readonly placement: Placement
  /** Names of the activations it reads; constants included. */
  readonly activations: readonly string[]
}

export interface Choice {
  /** By node id, in the graph's order. */
  readonly nodes: ReadonlyMap<number, ChosenNode>
  readonly refusals: readonly { readonly node: Node; readonly refusal: Refusal }[]
}

export interface Selection {
  readonly edit: Edit
  readonly graph: Graph
  readonly types: TypeTable
  readonly table: PlacementTable
  readonly isSelected: (node: Node) => boolean
  /** Whether an activation that is not constant may be quantized, as far as calibration has told. */
  readonly isUsable: (name: string) => boolean
}

/**
 * Chooses the nodes of a graph that run on integers: those that compute, and what lies between them. Everything else is taken away
 * again until each node left gets all its activations quantized and gives them on to one that wants them so.
 */
export function chooseNodes(selection: Selection): Choice {
  const { graph } = selection
  const refusals: { node: Node; refusal: Refusal }[] = []
  const chosen = new Map<number, ChosenNode>()
  for (const node of graph.nodes) {
    const candidate = candidateOf(selection, node)
    if (candidate && 'reason' in candidate) refusals.push({ node, refusal: candidate })
    else if (candidate) chosen.set(node.id, candidate)
  }
  for (let changed = true; changed; ) {
    changed = false
    for (const candidate of [...chosen.values()]) {
      if (!belongs(selection, chosen, candidate)) changed = chosen.delete(candidate.node.id)
    }
  }
  return { nodes: chosen, refusals }
}

function candidateOf(selection: Selection, node: Node): ChosenNode | Refusal | null {
  const { edit, graph, table } = selection
  const known = sameDomain(node.domain, '') ? table[node.opType] : undefined
  if (!known || (known.since ?? 0) > opsetVersion(edit.model) || !selection.isSelected(node)) return null
  if (node.outputs.filter((name) => name !== '').length !== 1 && node.opType !== 'Split') return null
  let placement = known
  if (known.weight) {
    const weight = quantizableWeight(edit.document, { graph, name: node.inputs[known.weight.input], rank: 2, elements: 1 })
    if ('reason' in weight) {
      if (node.opType !== 'MatMul') return { ...weight, note: true }
      if (weight.note) return weight
      // Two activations: as good as any node between.
      placement = { role: 'between', mayEndFloat: true }
    } else if (!biasIsConstant(selection, node, known.weight.bias)) return { reason: 'its bias is not a float32 constant', note: true }
  }
  if (placement.role === 'compute' && node.opType === 'Gemm' && node.attributes.some(({ name, ...value }) => name === 'transA' && value.type === 'int' && value.value !== 0n)) {
    return { reason: 'its first input is transposed', note: true }
  }
  const inputs = placement.activations ? placement.activations.map((at) => node.inputs[at] ?? '') : node.inputs
  const activations = inputs.filter((name) => name !== '')
  const isFloat = [...activations, ...node.outputs.filter((name) => name !== '')].every((name) => mayBeFloat32(selection, name))
  const isConstant = activations.every((name) => constantTensor(edit.document, graph, name) !== null)
  return activations.length === 0 || !isFloat || isConstant ? null : { node, placement, activations }
}

function biasIsConstant({ edit, graph }: Selection, node: Node, input: number | null): boolean {
  const name = input === null ? '' : (node.inputs[input] ?? '')
  if (name === '') return true
  const tensor = constantTensor(edit.document, graph, name)
  return tensor !== null && isFloat32(tensor)
}

/** Values whose type is not known wait for what calibration finds. */
function mayBeFloat32({ edit, types, graph, isUsable }: Selection, name: string): boolean {
  const tensor = constantTensor(edit.document, graph, name)
  if (tensor) return isFloat32(tensor)
  if (!isUsable(name)) return false
  const type = types.typeOf(graph, name)
  return type === null || (type.kind === 'tensor' && (type.dataType === DATA_TYPES.float32.code || type.dataType === 0))
}

function belongs(selection: Selection, chosen: ReadonlyMap<number, ChosenNode>, { node, placement, activations }: ChosenNode): boolean {
  if (placement.role === 'compute') return true
  if (!activations.every((name) => isAvailable(selection, chosen, name))) return false
  const isWanted = node.outputs.some((name) => name !== '' && readersOf(selection, chosen, name).length > 0)
  if (placement.role !== 'bound') return isWanted
  const producer = producerOf(selection, chosen, activations[0] ?? '')
  return producer !== null && (isWanted || mustEndQuantized(producer.placement))
}

/** A node whose integer kernel gives integers only. */
export function mustEndQuantized(placement: Placement): boolean {
  return placement.role === 'compute' && placement.mayEndFloat !== true
}

function isAvailable(selection: Selection, chosen: ReadonlyMap<number, ChosenNode>, name: string): boolean {
  const tensor = constantTensor(selection.edit.document, selection.graph, name)
  if (tensor) return !('reason' in quantizableWeight(selection.edit.document, { graph: selection.graph, name, rank: 0, elements: 1 }))
  if (producerOf(selection, chosen, name)) return true
  return readersOf(selection, chosen, name).some(({ placement }) => placement.role === 'compute')
}

function producerOf({ edit, graph }: Selection, chosen: ReadonlyMap<number, ChosenNode>, name: string): ChosenNode | null {
  const definition = edit.document.index(graph).definition(name)
  return definition?.kind === 'node' ? (chosen.get(definition.node.id) ?? null) : null
}

/** Chosen nodes that read `name` as an activation. */
export function readersOf({ edit, graph }: Pick<Selection, 'edit' | 'graph'>, chosen: ReadonlyMap<number, ChosenNode>, name: string): ChosenNode[] {
  return edit.document
    .index(graph)
    .consumers(name)
    .flatMap(({ id }) => chosen.get(id) ?? [])
    .filter(({ activations }) => activations.includes(name))
}
