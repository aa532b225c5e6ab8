import type { TypeView } from '../../ipc/model-view'
import { dataTypeLabel } from '../data-type'
import type { Dim, ValueType } from '../records'

/**
 * A type in words: `float32[batch,10]`, `float32[]` for a scalar, `float32` for an unknown rank, `?` for an unknown dimension,
 * `sequence(float32[?])`, `map(string,float32)`, `optional(…)`, `sparse(…)`. Null and unknown element types are `unknown`.
 */
export function typeText(type: ValueType | null): string {
  const { type: word, shape } = typeView(type)
  return shape === null ? word : `${word}[${shape.map(dimText).join(',')}]`
}

/** The same with the shape apart. The shape within a sequence or an optional stays in the word. */
export function typeView(type: ValueType | null): TypeView {
  if (!type) return { type: 'unknown', shape: null }
  switch (type.kind) {
    case 'tensor':
      return { type: elementWord(type.dataType), shape: type.shape ? type.shape.map(shownDim) : null }
    case 'sparse-tensor':
      return { type: `sparse(${typeText({ ...type, kind: 'tensor' })})`, shape: null }
    case 'sequence':
    case 'optional':
      return { type: `${type.kind}(${typeText(type.element)})`, shape: null }
    case 'map':
      return { type: `map(${elementWord(type.keyType)},${typeText(type.value)})`, shape: null }
    case 'opaque':
      return { type: `opaque(${[type.domain, type.name].filter((word) => word !== '').join('.')})`, shape: null }
  }
}

function elementWord(dataType: number): string {
  return dataType === 0 ? 'unknown' : dataTypeLabel(dataType)
}

/** Sizes computed from a damaged model may be beyond all bounds; they are not known then. */
function shownDim(dim: Dim): Dim {
  return typeof dim === 'number' && !Number.isFinite(dim) ? null : dim
}

function dimText(dim: Dim): string {
  return dim === null || dim === '' ? '?' : String(dim)
}
