import { type AttributeHolder, findAttribute, intAttribute } from '#shared/onnx/attributes'
import { sameDomain } from '#shared/onnx/document'
import type { TypeTable } from '#shared/onnx/infer/infer-types'
import { shapeOf } from '#shared/onnx/infer/fact'
import type { Dim, Graph, Node } from '#shared/onnx/records'
import { tensorNumbers } from '#shared/onnx/tensor-data'
import { constantTensor, isReadable, opsetVersion } from '../constants'
import type { ReadonlyDocument } from '../pass'
import { type Axes, type ChannelMap, ChannelSpace, type Lock } from './channel-space'
import type { NodeFix } from './surgery'

/** A product whose cost shrinks with each of these axes. */
export interface CostFactors {
  readonly node: Node
  readonly maps: readonly ChannelMap[]
}

/** A layer with weights: what gives channels their importance, and what reads them. */
export interface LayerAxes {
  readonly node: Node
  /** Name of the weight. */
  readonly weight: string
  /** Axis of the weight that is the output channels; and the input channels, where they can be told from it (not depthwise). */
  readonly outputAxis: number
  readonly inputAxis: number | null
  readonly output: ChannelMap | null
  readonly input: ChannelMap | null
}

/** What following channels through one graph has found so far; rules add to it. */
export class Trace {
  readonly space = new ChannelSpace()
  readonly axes = new Map<string, (ChannelMap | null)[]>()
  readonly fixes: NodeFix[] = []
  readonly costs: CostFactors[] = []
  readonly layers: LayerAxes[] = []
  /** Initializers, and constants that a ConstantOfShape makes, whose axes may be cut; null where a reader cannot follow. */
  readonly #sealed = new Map<string, Lock>()
  readonly #reasons = new Map<string, Lock>()

  constructor(
    readonly document: ReadonlyDocument,
    readonly graph: Graph,
    readonly types: TypeTable,
  ) {}

  opset(): number {
    return opsetVersion(this.document.model)
  }

  shape(name: string): readonly Dim[] | null {
    const constant = this.constantDims(name)
    return constant ?? shapeOf(this.types.typeOf(this.graph, name))
  }

  /** Dimensions of a tensor that can be cut by itself: an initializer, or what ConstantOfShape makes of a constant. */
  constantDims(name: string): readonly number[] | null {
    const tensor = constantTensor(this.document, this.graph, name)
    if (tensor) return isReadable(tensor) ? tensor.dims : null
    const found = this.document.index(this.graph).definition(name)
    if (found?.kind !== 'node' || found.node.opType !== 'ConstantOfShape') return null
    return this.ints(found.node.inputs[0] ?? '')
  }

  isConstant(name: string): boolean {
    return this.constantDims(name) !== null
  }

  /** The channels along one axis of a value; a constant's become known as they are asked for. Null where it cannot be cut. */
  axis(name: string, axis: number): ChannelMap | null {
    const dims = this.constantDims(name)
    if (!dims) return this.axes.get(name)?.[axis] ?? null
    const size = dims[axis]
    if (size === undefined) return null
    const known = this.axes.get(name) ?? dims.map(() => null)
    this.axes.set(name, known)
    const map = known[axis] ?? this.space.fresh(size)
    known[axis] = map
    const lock = this.#sealed.get(name)
    if (lock) this.space.lock(map, lock)
    return map
  }

  /** The channels of a value that nodes before made known; unlike `axis` never opens a constant's. */
  known(name: string): Axes | null {
    return this.axes.get(name) ?? null
  }

  set(name: string, axes: readonly (ChannelMap | null)[]): void {
    if (name !== '') this.axes.set(name, [...axes])
  }

  /** No axis of a value can be cut, whoever else reads it. */
  seal(name: string, lock: Lock): void {
    if (name === '') return
    if (this.isConstant(name) && !this.#sealed.has(name)) this.#sealed.set(name, lock)
    for (const map of this.axes.get(name) ?? []) this.space.lock(map, lock)
  }

  /** Everything the node touches stays whole. */
  refuse(node: Node, lock: Omit<Lock, 'nodeId'>): void {
    const full = { ...lock, nodeId: node.id }
    for (const name of node.inputs) this.seal(name, full)
    for (const name of node.outputs) this.giveUp(name, full)
  }

  /** No axis of an output can be cut, and this is why. */
  giveUp(name: string, lock: Lock): void {
    if (name === '') return
    const rank = this.shape(name)?.length
    if (rank !== undefined) this.set(name, Array.from({ length: rank }, () => null))
    this.#reasons.set(name, lock)
  }

  /** Why `name` cannot be cut, for those who meet it. */
  reasonOf(name: string, node: Node): Lock {
    return this.#reasons.get(name) ?? { code: 'meets-fixed', reason: `${label(node)} joins it with '${name}', which cannot be cut`, nodeId: node.id }
  }

  link(a: ChannelMap | null, b: ChannelMap | null, lock: Lock): void {
    this.space.link(a, b, lock)
  }

  fix(fix: NodeFix): void {
    this.fixes.push(fix)
  }

  /** Whole numbers that an input is known to hold, or null. */
  ints(name: string): number[] | null {
    if (name === '') return null
    const tensor = constantTensor(this.document, this.graph, name)
    if (tensor && isReadable(tensor) && tensor.dims.length <= 1 && tensor.data.kind !== 'strings') return Array.from(tensorNumbers(tensor), Number)
    const elements = this.types.elementsOf(this.graph, name)
    return elements?.every((element) => typeof element === 'number') ? [...(elements as number[])] : null
  }

  /** Integers that are an attribute in old opsets and an input in new ones. Undefined where given in neither form; null where unknown. */
  list(node: Node, { attribute, input }: { readonly attribute: string; readonly input: number }): readonly number[] | null | undefined {
    const name = node.inputs[input] ?? ''
    if (name !== '') return this.ints(name)
    const given = findAttribute(node, attribute)
    // Ends of slices may be the largest int64.
    return given?.type === 'ints' ? given.value.map(Number) : undefined
  }
}

export function label(node: Pick<Node, 'opType' | 'name' | 'id'>): string {
  return node.name === '' ? node.opType : `${node.opType} '${node.name}'`
}

export function axisAttribute(node: AttributeHolder, fallback: number, rank: number): number | null {
  const axis = intAttribute(node, 'axis', fallback)
  const at = axis < 0 ? axis + rank : axis
  return at >= 0 && at <= rank ? at : null
}

export function isOnnx(node: Node): boolean {
  return sameDomain(node.domain, '')
}
