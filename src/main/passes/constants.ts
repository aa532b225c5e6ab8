/** What passes ask about constants. */
import { DATA_TYPES, rawByteLength } from '#shared/onnx/data-type'
import { sameDomain } from '#shared/onnx/document'
import type { Graph, Model, Tensor } from '#shared/onnx/records'
import type { ReadonlyDocument } from './pass'

/**
 * The tensor that gives `name` its value whatever is fed, as seen from `graph`; null for everything else. From IR version 4 on, an
 * initializer that is also a graph input is only that input's default.
 */
export function constantTensor(document: ReadonlyDocument, graph: Graph, name: string): Tensor | null {
  const found = name === '' ? null : document.definition(graph, name)
  if (found?.definition.kind !== 'initializer') return null
  const isDefault = document.model.irVersion >= 4 && found.graph.inputs.some((input) => input.name === name)
  return isDefault ? null : found.definition.tensor
}

/** Whether the values of a tensor can be read: those of external data that is missing cannot. */
export function isReadable(tensor: Tensor): boolean {
  return tensor.data.kind !== 'external' || tensor.data.resolved !== null
}

export function isFloat32(tensor: Tensor): boolean {
  return tensor.dataType === DATA_TYPES.float32.code
}

/** Bytes of a tensor's values stored raw; 0 for strings. */
export function tensorByteLength(tensor: Tensor): number {
  return rawByteLength(tensor.dataType, elementsOf(tensor.dims)) ?? 0
}

export function elementsOf(dims: readonly number[]): number {
  return dims.reduce((total, dim) => total * dim, 1)
}

/** The opset version that a model uses of `domain`; 0 where it does not say. */
export function opsetVersion(model: Model, domain = ''): number {
  return model.opsetImports.find((entry) => sameDomain(entry.domain, domain))?.version ?? 0
}

/** Bodies of model-local functions and the graphs within them: they have no initializers and no samples of their own. */
export function isInFunction(document: ReadonlyDocument, graph: Graph): boolean {
  let outermost = graph
  for (let parent = document.index(graph).parent; parent; parent = document.index(outermost).parent) outermost = parent.graph
  return outermost !== document.model.graph
}
