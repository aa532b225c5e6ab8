import type { TensorView } from '../../ipc/model-view'
import { dataTypeLabel } from '../data-type'
import type { Tensor } from '../records'
import { elementCount, tensorSizeBytes } from '../tensor-data'

/** What is shown of a tensor without reading it. `sizeBytes` is what its values take, wherever they are stored. */
export function tensorView(tensor: Tensor, name = tensor.name): TensorView {
  const { data } = tensor
  const location = data.kind === 'external' ? data.entries.find(({ key }) => key === 'location')?.value : undefined
  return {
    name,
    dtype: dataTypeLabel(tensor.dataType),
    dims: [...tensor.dims],
    sizeBytes: isPossible(tensor) ? tensorSizeBytes(tensor) : 0,
    storage: data.kind !== 'external' ? 'inside' : data.resolved ? 'external' : 'missing',
    ...(location !== undefined && { location }),
  }
}

/** Elements of a tensor, 0 where its dimensions are impossible: a broken tensor is still shown, and the checker names it. */
export function shownElements(tensor: Tensor): number {
  return isPossible(tensor) ? elementCount(tensor) : 0
}

/** As `elementCount` judges: no dimension negative, no product on the way beyond what a number holds exactly. */
function isPossible({ dims }: Tensor): boolean {
  let count = 1
  return dims.every((dim) => dim >= 0 && Number.isSafeInteger((count *= dim)))
}
