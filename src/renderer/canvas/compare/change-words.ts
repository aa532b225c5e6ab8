/** Differences in words, for the list and for the line under the canvases. */
import type { TFunction } from 'i18next'
import type { NodeChange } from '#shared/ipc/model-diff'
import type { Difference } from './compare-index'
import { errorText } from './diff-heat'

export type CanvasWords = TFunction<'canvas'>

/** One phrase for each thing that differs: `strides: [1, 1] → [2, 2]`, `+ 2 × DequantizeLinear`. */
export function differenceWords(t: CanvasWords, { tone, changes, gone, come }: Difference): string[] {
  if (tone === 'replaced') return [`${countedTypes(gone)} → ${countedTypes(come)}`]
  return [
    ...changes.map((change) => changeWords(t, change)),
    ...(gone.length > 0 ? [`− ${countedTypes(gone)}`] : []),
    ...(come.length > 0 ? [`+ ${countedTypes(come)}`] : []),
  ]
}

/** What one side lacks is a dash. */
export function changeWords(t: CanvasWords, change: NodeChange): string {
  const sides = `${change.a || '–'} → ${change.b || '–'}`
  switch (change.kind) {
    case 'operator':
      return t('compare.words.operator', { sides })
    case 'attribute':
      return `${change.name}: ${sides}`
    case 'type':
      return t('compare.words.type', { output: change.output, sides })
    case 'input':
      return t('compare.words.input', { input: change.input, sides })
    case 'weight': {
      const types = change.a === change.b ? change.a : sides
      if (change.relativeError === null) return t('compare.words.weight', { input: change.input, types })
      return t('compare.words.weightError', { input: change.input, types, error: errorText(change.relativeError) })
    }
  }
}

/** `2 × DequantizeLinear, QuantizeLinear` */
function countedTypes(types: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1)
  return [...counts].map(([type, count]) => (count === 1 ? type : `${count} × ${type}`)).join(', ')
}
