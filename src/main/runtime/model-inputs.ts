import { AppError } from '#shared/errors'
import { dataTypeLabel, type DataTypeName, dataTypeName } from '#shared/onnx/data-type'
import type { Dim, Model } from '#shared/onnx/records'

/** An input that must be fed: a tensor, its element type known. */
export interface ModelInput {
  readonly name: string
  readonly dataType: DataTypeName
  /** Null where the model does not even give the rank. */
  readonly shape: readonly Dim[] | null
}

/** Inputs of the main graph in order, without those that have an initializer as default. Throws AppError `not-supported`. */
export function modelInputs(model: Model): ModelInput[] {
  const defaults = new Set(model.graph.initializers.map(({ name }) => name))
  return model.graph.inputs
    .filter(({ name }) => !defaults.has(name))
    .map(({ name, type }) => {
      const dataType = type?.kind === 'tensor' ? dataTypeName(type.dataType) : null
      if (type?.kind !== 'tensor' || dataType === null || dataType === 'undefined') {
        throw new AppError({
          code: 'not-supported',
          message: `The model's input '${name}' is ${type === null ? 'of unknown type' : type.kind === 'tensor' ? `of type ${dataTypeLabel(type.dataType)}` : `a ${type.kind}`}; only tensors can be fed.`,
        })
      }
      // Some exporters write -1 or 0 for "any"; -1 is decoded as unknown, 0 is a real size only in caches.
      return { name, dataType, shape: type.shape ?? null }
    })
}

/** For people: `float32 [batch, 3, 48, 48]`. */
export function describeInput({ dataType, shape }: Pick<ModelInput, 'dataType' | 'shape'>): string {
  return `${dataType} ${shape === null ? '[…]' : describeDims(shape)}`
}

export function describeDims(dims: readonly Dim[]): string {
  return `[${dims.map((dim) => dim ?? '?').join(', ')}]`
}
