/** Several samples computed at once: of small layers, onnxruntime's threads spend more time waiting for each other than computing. */
import { intAttribute } from '#shared/onnx/attributes'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Dim, Graph, Model, Node, ValueType } from '#shared/onnx/records'
import type { Feeds, TensorValue } from '../../runtime/model-runner'

/** So large may the largest value of a batch become: memory counts more than speed, and large values keep threads busy by themselves. */
const LARGEST_VALUE_BYTES = 10 * 1024 * 1024
const MAX_SAMPLES = 8

const ELEMENTWISE = new Set(['Add', 'Clip', 'Div', 'HardSigmoid', 'HardSwish', 'Identity', 'LeakyRelu', 'Max', 'Min', 'Mul', 'Neg', 'PRelu', 'Relu', 'Sigmoid', 'Sub', 'Tanh'])
const LAYERS = new Set(['AveragePool', 'BatchNormalization', 'Conv', 'ConvTranspose', 'DepthToSpace', 'GlobalAveragePool', 'GlobalMaxPool', 'MaxPool', 'SpaceToDepth'])

/**
 * How many samples `graph` can compute at once, joined along the first dimension: 1 unless each is certain to be computed apart from the
 * others (images through layers of convolution, with known sizes).
 */
export function samplesAtOnce(graph: Graph, typeOf: (name: string) => ValueType | null): number {
  const constants = constantShapes(graph, typeOf)
  const values = [...graph.inputs.map(({ name }) => name), ...graph.nodes.flatMap(({ outputs }) => outputs)].filter((name) => !constants.has(name))
  const shapes = new Map<string, readonly number[]>()
  for (const name of values) {
    const shape = sampleShape(typeOf(name))
    if (!shape) return 1
    shapes.set(name, shape)
  }
  if (!graph.nodes.every((node) => computesApart(node, { shapes, constants }))) return 1
  const largest = Math.max(...[...shapes.values()].map((shape) => 4 * shape.reduce((product, dim) => product * dim, 1)))
  return Math.max(1, Math.min(MAX_SAMPLES, Math.floor(LARGEST_VALUE_BYTES / largest)))
}

/** Of initializers and Constant nodes; those of unknown shape are left out. */
function constantShapes(graph: Graph, typeOf: (name: string) => ValueType | null): Map<string, readonly Dim[]> {
  const shapes = new Map<string, readonly Dim[]>(graph.initializers.map(({ name, dims }) => [name, dims]))
  for (const { opType, outputs: [name = ''] } of graph.nodes) {
    const type = opType === 'Constant' ? typeOf(name) : null
    if (type?.kind === 'tensor' && type.shape) shapes.set(name, type.shape)
  }
  return shapes
}

/** Of a float32 tensor whose first dimension counts samples, the others; null where they are not known. */
function sampleShape(type: ValueType | null): number[] | null {
  if (type?.kind !== 'tensor' || type.dataType !== DATA_TYPES.float32.code || !type.shape) return null
  const [batch, ...rest] = type.shape
  if (rest.length === 0 || (batch !== 1 && typeof batch !== 'string')) return null
  return rest.every((dim) => typeof dim === 'number') ? rest : null
}

interface KnownValues {
  /** Of one sample. */
  readonly shapes: ReadonlyMap<string, readonly number[]>
  readonly constants: ReadonlyMap<string, readonly Dim[]>
}

function computesApart(node: Node, known: KnownValues): boolean {
  const inputs = node.inputs.filter((name) => name !== '')
  if (node.domain !== '' || !inputs.every((name) => known.shapes.has(name) || known.constants.has(name))) return false
  if (node.opType === 'Constant') return true
  const [first = '', ...others] = inputs
  if (ELEMENTWISE.has(node.opType)) return inputs.every((name) => spreadsOver(name, node.outputs[0] ?? '', known))
  if (node.opType === 'Concat') return intAttribute(node, 'axis', 0) > 0 && inputs.every((name) => known.shapes.has(name))
  if (!known.shapes.has(first) || !others.every((name) => known.constants.has(name))) return false
  if (node.opType === 'Flatten') return intAttribute(node, 'axis', 1) === 1
  if (node.opType === 'Gemm') return intAttribute(node, 'transA', 0) === 0 && (known.constants.get(others[1] ?? '') ?? []).length < 2
  return LAYERS.has(node.opType)
}

/** Whether an operand meets each sample of the result alike: samples with samples, constants with every one. */
function spreadsOver(operand: string, result: string, { shapes, constants }: KnownValues): boolean {
  const rank = 1 + (shapes.get(result)?.length ?? 0)
  const constant = constants.get(operand)
  return constant ? constant.length < rank || (constant.length === rank && constant[0] === 1) : 1 + (shapes.get(operand)?.length ?? 0) === rank
}

/** The model for any number of samples in its inputs' first dimension. What it says of the shapes of other values is left out. */
export function forAnyBatch(model: Model): Model {
  const inputs = model.graph.inputs.map((input) => {
    if (input.type?.kind !== 'tensor' || !input.type.shape) return input
    return { ...input, type: { ...input.type, shape: ['samples', ...input.type.shape.slice(1)] } }
  })
  return { ...model, graph: { ...model.graph, inputs, valueInfo: [] } }
}

export interface JoinedSamples {
  readonly feeds: Feeds
  readonly count: number
}

/** Up to `size` samples at a time, joined along their first dimension; the memory of a batch is used again for the next. */
export async function* joinSamples(samples: AsyncIterable<Feeds>, size: number): AsyncGenerator<JoinedSamples> {
  let batch: Batch | null = null
  for await (const feeds of samples) {
    if (size === 1) {
      yield { feeds, count: 1 }
      continue
    }
    if (!batch?.takes(feeds)) {
      if (batch && batch.count > 0) yield batch.joined()
      batch = new Batch(feeds, size)
    }
    batch.add(feeds)
    if (batch.count === size) {
      yield batch.joined()
      batch.count = 0
    }
  }
  if (batch && batch.count > 0) yield batch.joined()
}

class Batch {
  count = 0
  readonly #first: Feeds
  readonly #memory: ReadonlyMap<string, Uint8Array>

  constructor(first: Feeds, size: number) {
    this.#first = first
    this.#memory = new Map([...first].map(([name, { bytes }]) => [name, new Uint8Array(size * bytes.length)]))
  }

  /** Files of one folder may hold samples of different batches. */
  takes(feeds: Feeds): boolean {
    return [...feeds].every(([name, { bytes }]) => this.#first.get(name)?.bytes.length === bytes.length)
  }

  add(feeds: Feeds): void {
    for (const [name, { bytes }] of feeds) this.#memory.get(name)?.set(bytes, this.count * bytes.length)
    this.count++
  }

  joined(): JoinedSamples {
    const feeds = [...this.#memory].map(([name, memory]) => {
      const { dataType, dims, bytes } = this.#first.get(name) as TensorValue
      const [own = 1, ...rest] = dims
      return [name, { dataType, dims: [this.count * own, ...rest], bytes: memory.subarray(0, this.count * bytes.length) }] as const
    })
    return { feeds: new Map(feeds), count: this.count }
  }
}
