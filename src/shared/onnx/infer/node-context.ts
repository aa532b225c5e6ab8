import type { Attribute, Dim, Graph, Node, Tensor, ValueType } from '../records'
import type { Shape } from './dims'
import { dataTypeOf, type Fact, shapeOf } from './fact'
import { tensorElements } from './tensor-elements'

/**
 * Outputs of one node from what is known of its inputs, in the order of the node's outputs; null where nothing is.
 * A rule never throws on a model's account: what does not fit is unknown (telling is the checker's part).
 */
export type Rule = (node: NodeContext) => readonly (Fact | null)[]

/** Keyed by op type; with its domain (`com.microsoft:Attention`) outside ai.onnx. */
export type RuleTable = Readonly<Record<string, Rule>>

/** Infers a graph that the node holds. `inputs` are by position; where one is null, the graph's own declaration counts. */
export type InferSubgraph = (graph: Graph, inputs: readonly (Fact | null)[]) => (Fact | null)[]

/** One node as a rule sees it. */
export class NodeContext {
  constructor(
    readonly node: Node,
    /** Version of the node's domain. */
    readonly opset: number,
    readonly inputs: readonly (Fact | null)[],
    /** Values for attributes that refer to those of an enclosing function. */
    readonly bindings: ReadonlyMap<string, Attribute> | null,
    readonly inferSubgraph: InferSubgraph,
  ) {}

  get outputCount(): number {
    return this.node.outputs.length
  }

  /** Whether optional input `at` is given, known or not. */
  has(at: number): boolean {
    return (this.node.inputs[at] ?? '') !== ''
  }

  type(at: number): ValueType | null {
    return this.inputs[at]?.type ?? null
  }

  /** 0 where it is not known. */
  dataType(at: number): number {
    return dataTypeOf(this.type(at))
  }

  shape(at: number): Shape | null {
    return shapeOf(this.type(at))
  }

  /** Contents of a small input; see {@link Fact}. */
  elements(at: number): readonly Dim[] | null {
    const fact = this.inputs[at]
    if (!fact) return null
    return fact.elements ?? (fact.constant ? tensorElements(fact.constant) : null)
  }

  /** All elements of an input as numbers, or null where one is not. */
  numbers(at: number): number[] | null {
    return allNumbers(this.elements(at))
  }

  attribute(name: string): Attribute | null {
    const found = this.node.attributes.find((attribute) => attribute.name === name)
    if (!found?.refAttrName) return found ?? null
    return this.bindings?.get(found.refAttrName) ?? null
  }

  optionalInt(name: string): number | null {
    const found = this.attribute(name)
    return found?.type === 'int' ? Number(found.value) : null
  }

  int(name: string, fallback: number): number {
    return this.optionalInt(name) ?? fallback
  }

  ints(name: string): number[] | null {
    const found = this.attribute(name)
    return found?.type === 'ints' ? found.value.map(Number) : null
  }

  floats(name: string): readonly number[] | null {
    const found = this.attribute(name)
    return found?.type === 'floats' ? found.value : null
  }

  string(name: string): string | null {
    const found = this.attribute(name)
    return found?.type === 'string' ? new TextDecoder().decode(found.value) : null
  }

  tensor(name: string): Tensor | null {
    const found = this.attribute(name)
    return found?.type === 'tensor' ? found.value : null
  }

  graph(name: string): Graph | null {
    const found = this.attribute(name)
    return found?.type === 'graph' ? found.value : null
  }

  /** Number of entries of a list attribute; 0 where it is absent. */
  listLength(name: string): number {
    const found = this.attribute(name)
    return found && Array.isArray(found.value) ? found.value.length : 0
  }
}

function allNumbers(elements: readonly Dim[] | null): number[] | null {
  if (!elements) return null
  const numbers: number[] = []
  for (const element of elements) {
    if (typeof element !== 'number') return null
    numbers.push(element)
  }
  return numbers
}
