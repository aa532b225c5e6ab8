/** Errors of recognized text. */

/** Fewest insertions, deletions and replacements that make `b` of `a` (Levenshtein). */
export function editDistance(a: readonly string[], b: readonly string[]): number {
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[b.length] ?? 0
}

/** Code points, compared after composing accents (NFC); runs of white space count as one space. */
export function characters(text: string): string[] {
  return [...text.normalize('NFC').trim().replace(/\s+/gu, ' ')]
}

/** Words as a person sees them; languages written without spaces are cut by their dictionary. */
export function words(text: string): string[] {
  const normal = text.normalize('NFC').trim()
  if (!/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(normal)) return normal === '' ? [] : normal.split(/\s+/u)
  const segmenter = new Intl.Segmenter('zh', { granularity: 'word' })
  return [...segmenter.segment(normal)].filter(({ segment }) => segment.trim() !== '').map(({ segment }) => segment)
}
