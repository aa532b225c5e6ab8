import type { Edit } from '#shared/onnx/document'
import type { Graph, SparseTensor, Tensor } from '#shared/onnx/records'
import { bytesOf, rawTensor } from '#shared/onnx/tensor-data'
import { floatValues } from '../weight-store'

/** A float32 value and its position as int64: ONNX has no narrower positions. */
const BYTES_PER_VALUE = 12
/** Names and fields around the two tensors. */
const OVERHEAD_BYTES = 64

/**
 * Replaces the float32 initializers that are smaller so by sparse ones: values and linear positions. onnxruntime makes them dense again
 * when it loads the model. Returns the bytes saved.
 */
export function storeSparse(edit: Edit, graph: Graph, names: readonly string[]): number {
  const { initializers } = edit.document.index(graph)
  let saved = 0
  const added: SparseTensor[] = []
  for (const name of names) {
    const tensor = initializers.get(name)
    if (!tensor) throw new Error(`internal: no initializer '${name}'`)
    const values = floatValues(tensor)
    const kept = values.reduce((count, value) => (value === 0 ? count : count + 1), 0)
    const gain = values.length * 4 - kept * BYTES_PER_VALUE - OVERHEAD_BYTES
    if (gain <= 0 || kept === 0) continue
    added.push(sparseForm(tensor, values, kept))
    edit.removeInitializer(graph, name)
    saved += gain
  }
  if (added.length > 0) edit.updateGraph(graph, { sparseInitializers: [...graph.sparseInitializers, ...added] })
  return saved
}

function sparseForm({ name, dims }: Tensor, values: Float32Array, kept: number): SparseTensor {
  const numbers = new Float32Array(kept)
  const positions = new BigInt64Array(kept)
  let to = 0
  for (const [at, value] of values.entries()) {
    if (value === 0) continue
    numbers[to] = value
    positions[to++] = BigInt(at)
  }
  return { values: rawTensor(name, 'float32', [kept], bytesOf(numbers)), indices: rawTensor('', 'int64', [kept], bytesOf(positions)), dims }
}
