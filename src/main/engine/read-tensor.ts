/** One tensor of an open model, for the inspector. */
import { randomUUID } from 'node:crypto'
import { join, resolve } from 'node:path'
import { AppError } from '#shared/errors'
import type { TensorDetails } from '#shared/ipc/model-view'
import type { ModelDocument } from '#shared/onnx/document'
import type { Graph, Tensor } from '#shared/onnx/records'
import { describeTensor, findTensor } from '#shared/onnx/view/describe-tensor'
import type { Transform } from '#shared/onnx/view/tensor-map'
import { dequantizer, quantizationOf, type TensorQuantization } from '#shared/onnx/view/tensor-quantization'
import { writeNpy } from '../runtime/write-npy'
import type { Drafts } from '../workspace/drafts'
import { scratchFolder } from './extract-part'

interface TensorChoice {
  readonly name: string
  readonly dequantize: boolean
}

interface ReadableTensor {
  readonly tensor: Tensor
  readonly quantization: TensorQuantization | null
  readonly transform: Transform
}

/** The tensor and, where it is wanted, what turns its codes into real values. Throws `not-found`, and `not-supported` where it has no scale to do so. */
export function readableTensor(document: ModelDocument, graph: Graph, { name, dequantize }: TensorChoice): ReadableTensor {
  const tensor = findTensor(document, graph, name)
  if (!tensor) throw new AppError({ code: 'not-found', message: `The model has no tensor '${name}'.` })
  const quantization = quantizationOf(document, graph, { name, tensor, find: (other) => findTensor(document, graph, other) })
  if (!dequantize) return { tensor, quantization, transform: null }
  const transform = quantization === null ? null : dequantizer(tensor, quantization)
  if (transform === null) throw new AppError({ code: 'not-supported', message: `No constant scale of the right shape belongs to '${name}'.` })
  return { tensor, quantization, transform }
}

export function showTensor(document: ModelDocument, graph: Graph, what: TensorChoice & { readonly offset: number; readonly limit: number }): TensorDetails {
  const { tensor, quantization, transform } = readableTensor(document, graph, what)
  const details = describeTensor(tensor, { ...what, transform })
  if (quantization === null) return details
  const { node, scaleName, zeroPointName, axis, blockSize } = quantization
  return { ...details, quantization: { node: { id: node.id, opType: node.opType }, scale: scaleName, zeroPoint: zeroPointName, axis, blockSize } }
}

interface ExportOptions {
  readonly transform: Transform
  readonly path: string | null
  readonly drafts: Drafts | null
}

/** Writes the values as a NumPy array: as they are stored where NumPy has the type, else as float32. */
export function exportTensor(tensor: Tensor, { transform, path, drafts }: ExportOptions): Promise<{ path: string; sizeBytes: number }> {
  return writeNpy(path === null ? join(scratchFolder(drafts, 'arrays'), `${randomUUID()}.npy`) : resolve(path), tensor, transform)
}
