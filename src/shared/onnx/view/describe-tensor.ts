import type { TensorDetails } from '../../ipc/model-view'
import { DATA_TYPES, dataTypeName, type DataTypeName } from '../data-type'
import type { ModelDocument } from '../document'
import type { Graph, Tensor } from '../records'
import { elementCount, type TensorNumbers, tensorStrings } from '../tensor-data'
import { float32Text } from './number-text'
import { constantTensor } from './parameters'
import type { Transform } from './tensor-map'
import { tensorPage, tensorPages, tensorRange } from './tensor-pages'
import { tensorView } from './tensor-view'

const HISTOGRAM_BINS = 64

/** The tensor behind a name as seen from `graph`: an initializer, the stored values of a sparse one, or what a Constant node holds. */
export function findTensor(document: ModelDocument, graph: Graph, name: string): Tensor | null {
  const found = document.definition(graph, name)
  if (found?.definition.kind === 'initializer') return found.definition.tensor
  if (found?.definition.kind === 'node') return constantTensor(found.definition.node)
  for (let at: Graph | undefined = graph; at; at = document.index(at).parent?.graph) {
    const sparse = at.sparseInitializers.find(({ values }) => values.name === name)
    if (sparse) return sparse.values
  }
  return null
}

/**
 * A page of a tensor's values as text, with figures over all of them, read in pages. Values that are missing or of a type nobody
 * knows give an empty page and null figures. Figures are over finite values; complex numbers and text have none.
 *
 * Throws `invalid-model` where the stored data does not fit the shape.
 */
export function describeTensor(tensor: Tensor, { offset, limit, name = tensor.name, transform = null }: { offset: number; limit: number; name?: string; transform?: Transform }): TensorDetails {
  const view = tensorView(tensor, name)
  const dataType = dataTypeName(tensor.dataType)
  const empty = { tensor: view, offset, values: [], statistics: null, histogram: [] }
  if (view.storage === 'missing' || dataType === null || dataType === 'undefined') return empty
  if (dataType === 'string') return { ...empty, values: tensorStrings(tensor).slice(offset, offset + limit) }
  const page = tensorPage(tensor, offset, limit)
  const values = transform === null ? valueTexts(page, dataType) : valueTexts(Float32Array.from(transform(page, offset), Number), 'float32')
  if (dataType === 'complex64' || dataType === 'complex128') return { ...empty, values }
  return { ...empty, values, ...figuresOf(tensor, transform) }
}

type Figures = Pick<TensorDetails, 'statistics' | 'histogram'>

/** Figures of stored values: the next page of the same tensor need not read all of it again. Records are never changed. */
const known = new WeakMap<Tensor, Figures>()

function figuresOf(tensor: Tensor, transform: Transform): Figures {
  const before = transform === null ? known.get(tensor) : undefined
  if (before !== undefined) return before
  const pages = transform === null ? () => tensorPages(tensor) : () => transformed(tensor, transform)
  const statistics = measure(pages())
  const figures = { statistics, histogram: statistics ? histogram(pages(), statistics) : [] }
  if (transform === null) known.set(tensor, figures)
  return figures
}

function* transformed(tensor: Tensor, transform: NonNullable<Transform>): Generator<TensorNumbers> {
  for (const { values, start } of tensorRange(tensor, 0, elementCount(tensor))) yield transform(values, start)
}

function valueTexts(numbers: TensorNumbers, dataType: DataTypeName): string[] {
  const number = dataType === 'float64' || dataType === 'complex128' ? String : float32Text
  const texts = Array.from<number | bigint, string>(numbers, (value) => (typeof value === 'bigint' ? String(value) : number(value)))
  if (dataType === 'bool') return texts.map((text) => (text === '0' ? 'false' : 'true'))
  if (DATA_TYPES[dataType].code !== DATA_TYPES.complex64.code && DATA_TYPES[dataType].code !== DATA_TYPES.complex128.code) return texts
  return Array.from({ length: texts.length / 2 }, (_, at) => {
    const imaginary = texts[2 * at + 1] ?? ''
    return `${texts[2 * at] ?? ''}${imaginary.startsWith('-') ? '' : '+'}${imaginary}i`
  })
}

type Statistics = NonNullable<TensorDetails['statistics']>

/** Null for a tensor without a single finite value. */
function measure(pages: Iterable<TensorNumbers>): Statistics | null {
  let [min, max, zeros, nonFinite, finite] = [Infinity, -Infinity, 0, 0, 0]
  // Sums of what is left after taking off the first value: they stay small where mean and spread differ by much.
  let [shift, sum, squares] = [NaN, 0, 0]
  for (const page of pages) {
    for (let at = 0; at < page.length; at++) {
      const value = Number(page[at])
      if (!Number.isFinite(value)) {
        nonFinite++
        continue
      }
      if (finite++ === 0) shift = value
      if (value < min) min = value
      if (value > max) max = value
      if (value === 0) zeros++
      sum += value - shift
      squares += (value - shift) * (value - shift)
    }
  }
  if (finite === 0) return null
  const offset = sum / finite
  const standardDeviation = Math.sqrt(Math.max(0, squares / finite - offset * offset))
  return { min, max, mean: shift + offset, standardDeviation, zeros, nonFinite, elements: finite + nonFinite }
}

function histogram(pages: Iterable<TensorNumbers>, { min, max }: Statistics): number[] {
  const width = (max - min) / HISTOGRAM_BINS
  if (!(width > 0) || !Number.isFinite(width)) return []
  const bins = new Array<number>(HISTOGRAM_BINS).fill(0)
  for (const page of pages) {
    for (let at = 0; at < page.length; at++) {
      const value = Number(page[at])
      // The maximum belongs to the last bin.
      const bin = Math.min(HISTOGRAM_BINS - 1, Math.floor((value - min) / width))
      if (Number.isFinite(value)) bins[bin] = (bins[bin] ?? 0) + 1
    }
  }
  return bins
}
