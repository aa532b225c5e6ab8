import type { TensorView } from '../../ipc/model-view'
import { dataTypeLabel, rawByteLength } from '../data-type'
import type { Tensor } from '../records'

/** What is shown of a tensor without reading it. `sizeBytes` is what its values take, wherever they are stored. */
export function tensorView(tensor: Tensor, name = tensor.name): TensorView {
  const { data } = tensor
  const location = data.kind === 'external' ? data.entries.find(({ key }) => key === 'location')?.value : undefined
  return {
    name,
    dtype: dataTypeLabel(tensor.dataType),
    dims: [...tensor.dims],
    sizeBytes: valueBytes(tensor),
    storage: data.kind !== 'external' ? 'inside' : data.resolved ? 'external' : 'missing',
    ...(location !== undefined && { location }),
  }
}

export function elementCount(tensor: Pick<Tensor, 'dims'>): number {
  return tensor.dims.reduce((product, dim) => product * dim, 1)
}

function valueBytes(tensor: Tensor): number {
  const { data } = tensor
  if (data.kind === 'strings') return data.values.reduce((sum, value) => sum + value.length, 0)
  const computed = rawByteLength(tensor.dataType, elementCount(tensor))
  if (computed !== null) return computed
  switch (data.kind) {
    case 'bytes':
      return data.bytes.length
    case 'raw':
      return data.span.length
    case 'field':
      return data.chunks.reduce((sum, { span }) => sum + span.length, 0)
    case 'external':
      return data.resolved?.length ?? 0
  }
}
