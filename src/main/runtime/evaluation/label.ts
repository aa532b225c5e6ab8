/** Labels of samples, and reading them from what people write. */
import type { Box } from '#shared/evaluation/detection'
import type { LabelKind } from '#shared/evaluation/metric'

export type Label =
  | { readonly kind: 'class'; readonly index: number }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'boxes'; readonly boxes: readonly Box[] }
  /** Class of each pixel, row by row; negative ones and 255 count for nothing. */
  | { readonly kind: 'mask'; readonly classes: ArrayLike<number>; readonly width: number; readonly height: number }
  | { readonly kind: 'tensor'; readonly dims: readonly number[]; readonly values: ArrayLike<number> }

/** What a label file says of one sample, before a metric makes a label of it. */
export type RawLabel =
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'numbers'; readonly dims: readonly number[]; readonly values: ArrayLike<number>; readonly integers: boolean }
  | { readonly kind: 'boxes'; readonly boxes: readonly Box[] }

/** A label, or why there is none, in words that follow the sample's name. */
export type ReadLabel = { readonly label: Label | null } | { readonly problem: string }

export interface ReadLabelOptions {
  readonly kind: LabelKind
  readonly classNames: readonly string[] | null
}

/** Makes what the metric needs of what the data says. */
export function readLabel(raw: RawLabel | null, { kind, classNames }: ReadLabelOptions): ReadLabel {
  if (kind === 'none') return { label: null }
  if (raw === null) return { problem: 'has no label' }
  switch (kind) {
    case 'class':
      return readClass(raw, classNames)
    case 'text':
      return raw.kind === 'word' ? { label: { kind, text: raw.word } } : { problem: 'has no text as label' }
    case 'boxes':
      return raw.kind === 'boxes' ? { label: { kind, boxes: raw.boxes } } : { problem: 'has no boxes as label' }
    case 'mask': {
      if (raw.kind !== 'numbers' || raw.dims.length < 2) return { problem: 'has no mask as label' }
      const [height = 0, width = 0] = raw.dims.slice(-2)
      return { label: { kind, classes: raw.values, width, height } }
    }
    case 'tensor':
      if (raw.kind === 'numbers') return { label: { kind, dims: raw.dims, values: raw.values } }
      if (raw.kind === 'word' && raw.word.trim() !== '' && Number.isFinite(Number(raw.word))) return { label: { kind, dims: [1], values: [Number(raw.word)] } }
      return { problem: 'has no number as label' }
  }
}

function readClass(raw: RawLabel, classNames: readonly string[] | null): ReadLabel {
  if (raw.kind === 'numbers') {
    if (raw.values.length === 1) return classIndex(Number(raw.values[0]), classNames)
    if (raw.dims.filter((dim) => dim > 1).length > 1) return { problem: `has a label of ${raw.dims.join(' × ')} values, which is no class` }
    // One number for each class: a one-hot label, or the outputs of a trusted run.
    let best = 0
    for (let at = 1; at < raw.values.length; at++) if (Number(raw.values[at]) > Number(raw.values[best])) best = at
    return { label: { kind: 'class', index: best } }
  }
  if (raw.kind !== 'word') return { problem: 'has no class as label' }
  const named = classNames?.indexOf(raw.word) ?? -1
  if (named >= 0) return { label: { kind: 'class', index: named } }
  if (/^\d+$/.test(raw.word)) return classIndex(Number(raw.word), classNames)
  return { problem: `has the label '${raw.word}', which is no class` }
}

function classIndex(index: number, classNames: readonly string[] | null): ReadLabel {
  const known = Number.isInteger(index) && index >= 0 && (classNames === null || index < classNames.length)
  return known ? { label: { kind: 'class', index } } : { problem: `has the label ${index}, which is no class` }
}
