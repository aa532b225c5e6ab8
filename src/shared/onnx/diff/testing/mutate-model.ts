/**
 * Copies of a model with seeded changes of the kinds that tools make, and which node of the copy is which of the original:
 * the ground truth that alignment is measured by. Only the main graph is changed. Numbers need not make sense.
 */
import { DATA_TYPES } from '../../data-type'
import { readNames } from '../../topological-order'
import { subgraphsOf } from '../../graph-index'
import type { Graph, Model, Node, Tensor } from '../../records'
import { elementCount } from '../../tensor-data'

export interface Mutant {
  readonly model: Model
  /** Node ids of the copy by those of the original; nodes that were deleted are missing. */
  readonly mates: ReadonlyMap<number, number>
}

export type Mutation = 'rename' | 'renumber' | 'fuse-batch-norm' | 'insert-qdq' | 'change-channels' | 'delete'
export const MUTATIONS: readonly Mutation[] = ['rename', 'renumber', 'fuse-batch-norm', 'insert-qdq', 'change-channels', 'delete']

/** Applies the mutations in order. Ids of the copy start far from those of the original, so that none can match by chance. */
export function mutateModel(model: Model, mutations: readonly Mutation[], random: () => number): Mutant {
  const state: State = {
    nodes: model.graph.nodes.map((node) => ({ ...node, id: node.id + 1_000_000 })),
    initializers: [...model.graph.initializers],
    graph: model.graph,
    random,
    nextId: 2_000_000,
  }
  for (const mutation of mutations) steps[mutation](state)
  const graph = { ...state.graph, nodes: state.nodes, initializers: state.initializers }
  const kept = new Set(state.nodes.map(({ id }) => id))
  const mates = model.graph.nodes.map(({ id }): [number, number] => [id, id + 1_000_000]).filter(([, id]) => kept.has(id))
  return { model: { ...model, graph }, mates: new Map(mates) }
}

interface State {
  nodes: Node[]
  initializers: Tensor[]
  graph: Graph
  readonly random: () => number
  nextId: number
}

const steps: Readonly<Record<Mutation, (state: State) => void>> = {
  /** Every node and inner value gets a name that says nothing. */
  rename(state) {
    renameValues(state, () => `v${Math.floor(state.random() * 2 ** 40).toString(36)}`)
    state.nodes = state.nodes.map((node) => ({ ...node, name: '' }))
  },
  /** Names counted through, as exporters do: after a deletion they name other nodes than before. */
  renumber(state) {
    const counts = new Map<string, number>()
    const next = (word: string) => {
      counts.set(word, (counts.get(word) ?? 0) + 1)
      return `${word}_${String(counts.get(word))}`
    }
    renameValues(state, () => next('value'))
    state.nodes = state.nodes.map((node) => ({ ...node, name: next(node.opType) }))
  },
  'fuse-batch-norm'(state) {
    const makers = new Map(state.nodes.flatMap((node) => node.outputs.map((name): [string, Node] => [name, node])))
    const readers = countReaders(state)
    const tensors = new Map(state.initializers.map((tensor) => [tensor.name, tensor]))
    for (const node of state.nodes.filter(({ opType }) => opType === 'BatchNormalization')) {
      const conv = makers.get(node.inputs[0] ?? '')
      const weight = tensors.get(conv?.inputs[1] ?? '')
      if (conv?.opType !== 'Conv' || !weight || readers.get(conv.outputs[0] ?? '') !== 1) continue
      const bias = `${conv.outputs[0] ?? ''}_bias`
      const folded = { ...otherValues(weight, state.random, weight.dims), name: `${weight.name}_folded` }
      state.initializers.push(folded, { ...otherValues(weight, state.random, weight.dims.slice(0, 1)), name: bias })
      state.nodes = state.nodes
        .filter(({ id }) => id !== node.id)
        .map((other) => (other.id === conv.id ? { ...other, inputs: [conv.inputs[0] ?? '', folded.name, bias], outputs: [node.outputs[0] ?? ''] } : other))
    }
  },
  'insert-qdq'(state) {
    const tensors = new Map(state.initializers.map((tensor) => [tensor.name, tensor]))
    const made: Node[] = []
    const quantized = new Map<string, string>()
    const add = (opType: string, input: string, output: string) => void made.push({ id: state.nextId++, name: `${output}_node`, opType, domain: '', inputs: [input, `${input}_scale`], outputs: [output], attributes: [] })
    const through = (input: string): string => {
      const known = quantized.get(input)
      if (known !== undefined) return known
      const output = `${input}_dequantized`
      const weight = tensors.get(input)
      if (weight) {
        state.initializers.push({ ...otherValues(weight, state.random, weight.dims), name: `${input}_q` })
        add('DequantizeLinear', `${input}_q`, output)
      } else {
        add('QuantizeLinear', input, `${input}_q`)
        add('DequantizeLinear', `${input}_q`, output)
      }
      quantized.set(input, output)
      return output
    }
    state.nodes = state.nodes.flatMap((node) => {
      if (!['Conv', 'MatMul', 'Gemm', 'Add', 'Mul', 'Concat', 'GlobalAveragePool', 'MaxPool'].includes(node.opType)) return [node]
      made.length = 0
      const inputs = node.inputs.map((name, slot) => (name === '' || slot > 1 ? name : through(name)))
      return [...made, { ...node, inputs }]
    })
  },
  /** Every weight gets other sizes and values. */
  'change-channels'(state) {
    state.initializers = state.initializers.map((tensor) => (tensor.dims.length < 2 && elementCount(tensor) < 16 ? tensor : otherValues(tensor, state.random, tensor.dims.map((dim) => (dim > 4 ? Math.ceil(dim * 0.75) : dim)))))
  },
  /** One in twenty nodes with one output goes; its readers read its first input. What only it read goes with it. */
  delete(state) {
    const given = new Set(state.graph.outputs.map(({ name }) => name))
    for (const node of [...state.nodes]) {
      const [output = ''] = node.outputs
      const [input = ''] = node.inputs
      if (node.outputs.length !== 1 || input === '' || given.has(output) || state.random() > 0.05 || node.attributes.some(({ type }) => type === 'graph')) continue
      state.nodes = state.nodes.filter(({ id }) => id !== node.id).map((other) => (other.inputs.includes(output) ? { ...other, inputs: other.inputs.map((name) => (name === output ? input : name)) } : other))
    }
    removeUnread(state)
  },
}

function renameValues(state: State, nameOf: () => string): void {
  const fixed = new Set([...state.graph.inputs, ...state.graph.outputs].map(({ name }) => name))
  const names = new Map<string, string>()
  // Subgraphs would have to be renamed as well: models with any keep the values that are read there.
  const inner = new Set(state.nodes.flatMap((node) => node.attributes.flatMap((attribute) => (attribute.type === 'graph' ? innerNames(attribute.value) : []))))
  const rename = (name: string) => {
    if (name === '' || fixed.has(name) || inner.has(name)) return name
    const known = names.get(name) ?? nameOf()
    names.set(name, known)
    return known
  }
  state.initializers = state.initializers.map((tensor) => ({ ...tensor, name: rename(tensor.name) }))
  state.nodes = state.nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) }))
  state.graph = { ...state.graph, valueInfo: [] }
}

function innerNames({ nodes, outputs }: Graph): string[] {
  return [...outputs.map(({ name }) => name), ...nodes.flatMap((node) => [...node.inputs, ...node.attributes.flatMap((attribute) => (attribute.type === 'graph' ? innerNames(attribute.value) : []))])]
}

function countReaders({ nodes, graph }: State): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of [...nodes.flatMap(readNames), ...graph.outputs.map((value) => value.name)]) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

function removeUnread(state: State): void {
  for (;;) {
    const readers = countReaders(state)
    const kept = state.nodes.filter((node) => node.outputs.some((name) => (readers.get(name) ?? 0) > 0) || subgraphsOf(node).length > 0)
    if (kept.length === state.nodes.length) return
    state.nodes = kept
  }
}

function otherValues(tensor: Tensor, random: () => number, dims: readonly number[]): Tensor {
  const count = elementCount({ name: tensor.name, dims })
  const values = Float32Array.from({ length: count }, () => random() - 0.5)
  return { name: tensor.name, dataType: DATA_TYPES.float32.code, dims, data: { kind: 'bytes', bytes: new Uint8Array(values.buffer) } }
}
