/** Several samples computed at once: of small layers, onnxruntime's threads spend more time waiting for each other than computing. */
import { intAttribute, intsAttribute } from '#shared/onnx/attributes'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Dim, Graph, Model, Node, ValueType } from '#shared/onnx/records'
import type { Feeds, TensorValue } from '../../runtime/model-runner'

/** So large may the largest value of a batch become: memory counts more than speed, and large values keep threads busy by themselves. */
const LARGEST_VALUE_BYTES = 10 * 1024 * 1024
const MAX_SAMPLES = 4

/** Of operands of equal shape, or spread over each other. */
const ELEMENTWISE = new Set(
  ('Abs Add Ceil Clip Div Elu Erf Exp Floor Gelu HardSigmoid HardSwish Identity LeakyRelu Log Max Min Mish Mul Neg PRelu Pow Reciprocal Relu Selu Sigmoid Softplus Softsign Sqrt Sub Sum Tanh').split(' '),
)

/** Of one value and constants, for each sample by itself whatever their attributes. */
const LAYERS = new Set('AveragePool BatchNormalization Conv ConvTranspose DepthToSpace GlobalAveragePool GlobalMaxPool InstanceNormalization LRN MaxPool Pad SpaceToDepth'.split(' '))

/**
 * How many samples `graph` can compute at once, joined along the first dimension: 1 unless each is certain to be computed apart from the
 * others (images through layers of convolution, with known sizes).
 */
export function samplesAtOnce(graph: Graph, typeOf: (name: string) => ValueType | null): number {
  const constants = new Map<string, readonly Dim[]>(graph.initializers.map(({ name, dims }) => [name, dims]))
  const shapes = new Map<string, readonly number[]>()
  const inputs = graph.inputs.filter(({ name }) => !constants.has(name)).map(({ name }) => ({ name, type: typeOf(name) }))
  const batch = new Set(inputs.map(({ type }) => (type?.kind === 'tensor' ? (type.shape?.[0] ?? null) : null)))
  for (const { name, type } of inputs) {
    const shape = sampleShape(type, batch)
    if (!shape) return 1
    shapes.set(name, shape)
  }
  for (const node of graph.nodes) {
    const isConstant = node.inputs.every((name) => name === '' || constants.has(name))
    if (!isConstant && !computesApart(node, { shapes, constants })) return 1
    for (const output of node.outputs.filter((name) => name !== '')) {
      const type = typeOf(output)
      const shape = isConstant ? null : sampleShape(type, batch)
      if (shape) shapes.set(output, shape)
      else if (isConstant && type?.kind === 'tensor' && type.shape) constants.set(output, type.shape)
      else return 1
    }
  }
  let largest = 0
  for (const shape of shapes.values()) largest = Math.max(largest, shape.reduce((product, dim) => product * dim, 4))
  return Math.max(1, Math.min(MAX_SAMPLES, Math.floor(LARGEST_VALUE_BYTES / largest)))
}

/** Of a float32 tensor whose first dimension counts samples, the others; null where they are not known. `batch`: the first dimension of inputs. */
function sampleShape(type: ValueType | null, batch: ReadonlySet<Dim>): number[] | null {
  if (type?.kind !== 'tensor' || type.dataType !== DATA_TYPES.float32.code || !type.shape || batch.size !== 1) return null
  const [first, ...rest] = type.shape
  if (rest.length === 0 || !batch.has(first ?? null) || (first !== 1 && typeof first !== 'string')) return null
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
  if (ELEMENTWISE.has(node.opType)) return inputs.every((name) => spreadsOver(name, inputs, known))
  if (node.opType === 'Concat') return intAttribute(node, 'axis', 0) > 0 && inputs.every((name) => known.shapes.has(name))
  const [first = '', ...others] = inputs
  const shape = known.shapes.get(first)
  if (!shape || !others.every((name) => known.constants.has(name))) return false
  const rankOf = (at: number) => known.constants.get(others[at] ?? '')?.length ?? 0
  switch (node.opType) {
    case 'Flatten':
      return intAttribute(node, 'axis', 1) === 1
    case 'Gemm':
      return intAttribute(node, 'transA', 0) === 0 && rankOf(1) < 2
    case 'MatMul':
      return rankOf(0) === 2
    case 'ReduceMax':
    case 'ReduceMean':
    case 'ReduceSum': {
      const axes = intsAttribute(node, 'axes', [])
      return axes.length > 0 && axes.every((axis) => axis > 0)
    }
    case 'Resize':
    case 'Upsample':
      // Sizes would name the batch too.
      return node.inputs.length < 4
    case 'Softmax':
      return intAttribute(node, 'axis', 0) > 0
    case 'Squeeze':
      // Were it the batch that goes, the next dimension would be in its place.
      return shape[0] !== 1
    case 'Transpose':
      return intsAttribute(node, 'perm', [])[0] === 0
    default:
      return LAYERS.has(node.opType)
  }
}

/** Whether an operand meets each sample of the result alike: samples with samples, constants with every one. */
function spreadsOver(operand: string, operands: readonly string[], { shapes, constants }: KnownValues): boolean {
  const rank = 1 + Math.max(...operands.map((name) => shapes.get(name)?.length ?? 0))
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
