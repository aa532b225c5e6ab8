import { InferenceSession, Tensor } from 'onnxruntime-node'
import { encodeModel, joinPieces } from '#shared/onnx/codec/encode'
import { ModelDocument } from '#shared/onnx/document'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import type { Model, ValueInfo } from '#shared/onnx/records'

/** Runs a copy of the model whose every tensor is an output. */
export async function runWithAllOutputs(model: Model, feeds: ReadonlyMap<string, Tensor>): Promise<InferenceSession.OnnxValueMapType> {
  const types = inferTypes(new ModelDocument(model))
  const known = new Set(model.graph.outputs.map(({ name }) => name))
  const extra = model.graph.nodes
    .flatMap((node) => node.outputs)
    .filter((name) => name !== '' && !known.has(name))
    .flatMap((name): ValueInfo[] => {
      const type = types.typeOf(model.graph, name)
      // Sequences and maps cannot be fetched. Only the element type is declared: shapes are what is under test.
      return type === null || type.kind === 'tensor' ? [{ name, type: type?.dataType ? { kind: 'tensor', dataType: type.dataType } : null }] : []
    })
  const outputs = [...model.graph.outputs, ...extra].filter(({ type }) => !type || type.kind === 'tensor')
  const bytes = joinPieces(encodeModel({ ...model, graph: { ...model.graph, outputs } }))
  const session = await InferenceSession.create(bytes, { graphOptimizationLevel: 'disabled', logSeverityLevel: 3 })
  try {
    return await session.run(Object.fromEntries(feeds))
  } finally {
    await session.release()
  }
}

/** A tensor to feed, of a type by its name in `dataTypeLabel`. */
export function makeTensor(type: string, values: readonly number[], dims: readonly number[]): Tensor {
  switch (type) {
    case 'float32':
      return new Tensor('float32', Float32Array.from(values), dims)
    case 'float64':
      return new Tensor('float64', Float64Array.from(values), dims)
    case 'float16':
      // 0x3800 is 0.5.
      return new Tensor('float16', Uint16Array.from(values, () => 0x3800), dims)
    case 'int64':
      return new Tensor('int64', BigInt64Array.from(values, BigInt), dims)
    case 'int32':
      return new Tensor('int32', Int32Array.from(values), dims)
    case 'uint8':
      return new Tensor('uint8', Uint8Array.from(values), dims)
    case 'bool':
      return new Tensor('bool', Uint8Array.from(values), dims)
    default:
      throw new Error(`internal: no feed of type ${type}`)
  }
}
