import { makeInt } from '#shared/onnx/attributes'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Edit } from '#shared/onnx/document'
import { raiseIrVersion, upgradeOpset } from '#shared/onnx/edit/upgrade-opset'
import type { Graph, Tensor } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { constantTensor, elementsOf, isFloat32, isInFunction, isReadable, opsetVersion } from '../constants'
import type { PassContext } from '../pass'
import { floatValues } from '../weight-store'
import { type HalfType, toHalf } from './half-values'

/** Cast took a type's number with opset 6, and bfloat16 with 13. */
const CAST_OPSET: Readonly<Record<HalfType, number>> = { float16: 6, bfloat16: 13 }
/** From this version on, initializers need not be inputs too. */
const FREE_INITIALIZERS = 4
/** Above it a weight has hardly any digits left in the type: its values are too small. */
const WORST_ERROR = 0.01

/**
 * Stores float32 constants of at least `minElements` elements in 16 bits, each with a Cast under its old name. onnxruntime computes such
 * Casts once, when it loads the model, so that inference is as fast as before.
 */
export function storeHalf(edit: Edit, { type, minElements }: { readonly type: HalfType; readonly minElements: number }, context: PassContext): void {
  const found = edit.document
    .graphs()
    .filter((graph) => !isInFunction(edit.document, graph))
    .flatMap((graph) => graph.initializers.filter((tensor) => isStorable(edit, graph, tensor, minElements)).map((tensor) => ({ graph, tensor })))
  if (found.length === 0) return
  const needed = CAST_OPSET[type]
  if (opsetVersion(edit.model) < needed) {
    const refusal = upgradeOpset(edit, needed)
    if (refusal) return context.report({ severity: 'warning', code: 'opset-too-old', ...refusal })
  }
  raiseIrVersion(edit, FREE_INITIALIZERS)
  for (const [done, { graph, tensor }] of found.entries()) {
    context.signal.throwIfAborted()
    context.progress('storing', done / found.length, tensor.name)
    storeOne(edit, graph, tensor, { type, context })
  }
}

function isStorable(edit: Edit, graph: Graph, tensor: Tensor, minElements: number): boolean {
  return isFloat32(tensor) && elementsOf(tensor.dims) >= minElements && isReadable(tensor) && constantTensor(edit.document, graph, tensor.name) === tensor
}

function storeOne(edit: Edit, graph: Graph, tensor: Tensor, { type, context }: { type: HalfType; context: PassContext }): void {
  const { bits, clamped, isFalsified, relativeError } = toHalf(floatValues(tensor), type)
  if (isFalsified || relativeError > WORST_ERROR) {
    const reason = isFalsified ? 'large' : 'small'
    return context.report({ severity: 'warning', code: 'left-float', message: `Weight '${tensor.name}' stays float32: its values are too ${reason} for ${type}.`, valueName: tensor.name })
  }
  if (clamped > 0) context.report(clampedDiagnostic(tensor, clamped, type))
  const stored = edit.freshName(graph, `${tensor.name}.${type}`)
  edit.removeInitializer(graph, tensor.name)
  edit.setInitializer(graph, rawTensor(stored, type, tensor.dims, bytesOf(bits)))
  const [first] = graph.nodes
  const cast = { opType: 'Cast', inputs: [stored], outputs: [tensor.name], attributes: [makeInt('to', DATA_TYPES.float32.code)] }
  edit.addNode(graph, cast, first ? { before: first } : 'end')
}

export function clampedDiagnostic(tensor: Tensor, clamped: number, type: HalfType) {
  return {
    severity: 'warning',
    code: 'weights-clamped',
    message: `${clamped} values of '${tensor.name}' are beyond the range of ${type} and became its largest.`,
    valueName: tensor.name,
  } as const
}
