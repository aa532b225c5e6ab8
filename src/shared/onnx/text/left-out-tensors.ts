import type { ModelDocument } from '../document'
import type { SparseTensor, Tensor } from '../records'
import { hasShapeOf } from './same-in-text'

export interface TensorSources {
  /** Tensors of the same place that the text no longer has: one of them may have been renamed. */
  readonly spare: readonly Tensor[]
  /** The tensor of the same name, which reads differently now. */
  readonly old: Tensor | undefined
}

/** Finds the values that a text leaves out in the model. */
export class LeftOutTensors {
  readonly #document: ModelDocument
  readonly #leftOut: ReadonlySet<Tensor | SparseTensor>
  readonly #problem: (record: object, message: string) => void

  constructor(document: ModelDocument, leftOut: ReadonlySet<Tensor | SparseTensor>, problem: (record: object, message: string) => void) {
    this.#document = document
    this.#leftOut = leftOut
    this.#problem = problem
  }

  /**
   * The tensor as it is where the text has its values. Otherwise with the values of an initializer of its name anywhere in the
   * model, or of the one spare tensor of its type and shape; a problem where there is none or more than one.
   */
  complete(tensor: Tensor, { spare, old }: TensorSources): Tensor {
    if (!this.#leftOut.has(tensor)) return tensor
    if (old) {
      this.#problem(tensor, 'The values are left out, but the type or the shape is not what the model has here. Write the values.')
      return tensor
    }
    const named = tensor.name === '' ? [] : this.#document.graphs().flatMap((graph) => this.#document.index(graph).initializers.get(tensor.name) ?? [])
    for (const found of [named, spare]) {
      const fitting = found.filter((candidate) => hasShapeOf(candidate, tensor))
      const [only] = fitting
      if (only && fitting.length === 1) return only.name === tensor.name ? only : { ...only, name: tensor.name }
    }
    this.#problem(tensor, `The values are left out, and the model has no tensor of this type and shape that could be meant. Write the values.`)
    return tensor
  }
}
