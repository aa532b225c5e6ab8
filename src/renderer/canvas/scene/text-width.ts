/**
 * Width of text set in Inter, without a DOM: boxes are sized before they are drawn, also in tests and for export.
 * Advance widths are those of Inter 5.3 at weights 400 and 600, in hundredths of an em, from the space to the tilde.
 */
const REGULAR = widths(
  '28,29,47,63,64,98,64,30,36,36,50,66,29,46,29,36,63,41,61,62,65,59,62,57,62,62,29,30,66,66,66,51,97,69,65,73,72,60,59,75,74,27,57,67,57,90,75,76,64,76,64,64,65,74,69,99,68,68,63,36,36,36,47,46,32,56,61,57,61,58,37,61,59,24,24,55,24,88,59,60,61,61,38,53,33,59,56,82,55,56,55,43,33,43,66',
)
const SEMIBOLD = widths(
  '25,32,52,64,65,100,66,33,37,37,54,67,32,47,32,38,66,42,62,64,67,61,64,58,64,64,32,33,67,67,67,54,100,73,66,74,72,61,59,75,75,28,58,70,57,92,76,77,65,77,65,65,66,74,73,102,72,71,65,37,38,37,48,47,35,57,62,58,62,59,39,63,61,26,26,57,26,90,61,61,62,62,40,55,35,61,59,84,57,59,57,45,36,45,67',
)
/** For letters outside the table: Latin and Greek letters are about this wide. */
const OTHER = 0.68
/** Chinese, Japanese and Korean characters fill an em. */
const FIRST_FULL_WIDTH = 0x2e80

export type TextWeight = 'regular' | 'semibold'

/** Pixels that `text` takes at `size` pixels. */
export function textWidth(text: string, size: number, weight: TextWeight = 'regular'): number {
  const table = weight === 'regular' ? REGULAR : SEMIBOLD
  let ems = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    ems += table[code - 32] ?? (code >= FIRST_FULL_WIDTH ? 1 : OTHER)
  }
  return ems * size
}

/** The text, or as much of its start as fits with an ellipsis. */
export function fitText(text: string, available: number, size: number, weight: TextWeight = 'regular'): string {
  if (textWidth(text, size, weight) <= available) return text
  const characters = [...text]
  let width = textWidth('…', size, weight)
  let kept = 0
  for (const character of characters) {
    width += textWidth(character, size, weight)
    if (width > available) break
    kept++
  }
  return `${characters.slice(0, kept).join('')}…`
}

function widths(list: string): number[] {
  return list.split(',').map((value) => Number(value) / 100)
}
