import { AppError } from '../../errors'
import type { ChannelRanges, TensorMap } from '../../ipc/model-view'
import { dataTypeName } from '../data-type'
import type { Tensor } from '../records'
import { elementCount, type TensorNumbers } from '../tensor-data'
import { tensorRange } from './tensor-pages'

/** Cells of a map in either direction. */
const MOST_CELLS = 160
/** Slices of more elements are sampled: one row for each row of cells. */
const READ_WHOLE_UP_TO = 1 << 22
const MOST_CHANNELS = 4096

/** What is done to values after they are read; `start` is the row-major index of the first. */
export type Transform = ((values: TensorNumbers, start: number) => TensorNumbers) | null

interface MapOptions {
  /** What lies along it becomes the rows; what comes after it the columns. */
  readonly axis: number
  /** Index along each axis before it. */
  readonly at: readonly number[]
  readonly transform: Transform
}

/**
 * A two-dimensional slice as a grid of at most 160 × 160 cells, each the value of greatest magnitude among those it stands for. A vector is one row.
 * Throws `bad-usage` for an axis or an index the tensor does not have, and as `tensorNumbers` does.
 */
export function mapTensor(tensor: Tensor, { axis, at, transform }: MapOptions): TensorMap {
  requireNumbers(tensor)
  const { dims } = tensor
  const isVector = dims.length < 2
  const rows = isVector ? 1 : (dims[axis] ?? 0)
  const columns = isVector ? elementCount(tensor) : dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
  const before = isVector ? [] : dims.slice(0, axis)
  if (axis < 0 || axis >= Math.max(1, dims.length) || at.length !== before.length || at.some((index, place) => index >= (before[place] ?? 0))) {
    throw new AppError({ code: 'bad-usage', message: `Tensor '${tensor.name}' has no slice [${at.join(', ')}] before axis ${axis}.` })
  }
  const start = at.reduce((place, index, dim) => place * (before[dim] ?? 1) + index, 0) * rows * columns
  const shownRows = Math.min(rows, MOST_CELLS)
  const shownColumns = Math.min(columns, MOST_CELLS)
  const cells = new Float64Array(shownRows * shownColumns).fill(NaN)
  const take = (values: TensorNumbers, first: number, rowOf: (place: number) => number): void => {
    for (let i = 0; i < values.length; i++) {
      const value = Number(values[i])
      const column = Math.floor((((first + i) % columns) * shownColumns) / columns)
      const cell = rowOf(first + i) * shownColumns + column
      if (!(Math.abs(value) <= Math.abs(cells[cell] ?? 0))) cells[cell] = value
    }
  }
  const read = (from: number, count: number, rowOf: (place: number) => number): void => {
    for (const { values, start: first } of tensorRange(tensor, start + from, count)) take(transform === null ? values : transform(values, first), first - start, rowOf)
  }
  const sampled = rows * columns > READ_WHOLE_UP_TO && rows > shownRows
  if (!sampled) read(0, rows * columns, (place) => Math.floor((Math.floor(place / columns) * shownRows) / rows))
  else for (let row = 0; row < shownRows; row++) read(Math.floor((row * rows) / shownRows) * columns, columns, () => row)
  let largest = 0
  for (const value of cells) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value))
  return { rows, columns, shownRows, shownColumns, sampled, largest, values: Array.from(cells, (value) => (Number.isFinite(value) ? Number(value.toPrecision(4)) : null)) }
}

/** Smallest and largest finite value, and the share of zeros, for each index along an axis; of the first 4096. Throws as {@link mapTensor}. */
export function channelRanges(tensor: Tensor, { axis, transform }: Pick<MapOptions, 'axis' | 'transform'>): ChannelRanges {
  requireNumbers(tensor)
  const channels = tensor.dims[axis]
  if (channels === undefined) throw new AppError({ code: 'bad-usage', message: `Tensor '${tensor.name}' has no axis ${axis}.` })
  const shown = Math.min(channels, MOST_CHANNELS)
  const min = new Float64Array(shown).fill(Infinity)
  const max = new Float64Array(shown).fill(-Infinity)
  const zeros = new Float64Array(shown)
  const inner = tensor.dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
  const count = elementCount(tensor)
  for (const { values: stored, start } of tensorRange(tensor, 0, count)) {
    const values = transform === null ? stored : transform(stored, start)
    for (let i = 0; i < values.length; i++) {
      const channel = Math.floor((start + i) / inner) % channels
      if (channel >= shown) continue
      const value = Number(values[i])
      if (value === 0) zeros[channel]! += 1
      if (!Number.isFinite(value)) continue
      if (value < min[channel]!) min[channel] = value
      if (value > max[channel]!) max[channel] = value
    }
  }
  const perChannel = channels === 0 ? 1 : Math.max(1, count / channels)
  const finite = (bounds: Float64Array) => Array.from(bounds, (value) => (Number.isFinite(value) ? value : null))
  return { channels, min: finite(min), max: finite(max), zeroShare: Array.from(zeros, (zero) => zero / perChannel) }
}

function requireNumbers(tensor: Tensor): void {
  const name = dataTypeName(tensor.dataType)
  if (name !== null && name !== 'string' && name !== 'undefined' && name !== 'complex64' && name !== 'complex128') return
  throw new AppError({ code: 'not-supported', message: `Values of '${tensor.name}' are no real numbers.` })
}
