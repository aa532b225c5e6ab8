/**
 * What the engine says, in the window's language. The engine, like the command line, speaks English: its sentence with {0}, {1}, … in the
 * place of names and figures is the key of a translation. What has none stands as it is.
 */
import i18next from 'i18next'

/** A sentence of fewer letters of its own could be anything. */
const FEW_LETTERS = 8

interface Sentence {
  readonly pattern: RegExp
  /** It counts only around something that is translated. */
  readonly isFrame: boolean
  readonly translation: string
}

let sentences: readonly Sentence[] = []

/** @param words translations by English sentence, in Chinese so far. */
export function setEngineWords(words: Readonly<Record<string, string>>): void {
  sentences = Object.entries(words)
    // What says more in its own words comes first: a sentence of placeholders would match much.
    .toSorted(([a], [b]) => ownLetters(b) - ownLetters(a))
    .map(([english, translation]) => ({ pattern: patternOf(english), isFrame: english.includes('{') && ownLetters(english) < FEW_LETTERS, translation }))
}

/** A message or hint of the engine's, as the person reads it. */
export function said(text: string): string {
  return i18next.language === 'zh' ? (translated(text) ?? text) : text
}

/** Null where the text has no translation as a whole, nor each of its sentences one. */
function translated(text: string): string | null {
  for (const { pattern, isFrame, translation } of sentences) {
    const found = pattern.exec(text)
    if (!found) continue
    const parts = found.groups ?? {}
    if (isFrame && Object.values(parts).every((part) => translated(part) === null)) continue
    // A name or figure stays; a reason that was put in is a sentence of its own.
    return translation.replace(/\{(\d+)\}/g, (_, at: string) => said(parts[`p${at}`] ?? ''))
  }
  const parts = text.split(/(?<=[.?!]) (?=\S)/)
  const each = parts.length < 2 ? [] : parts.map(translated)
  return each.length > 0 && each.every((part) => part !== null) ? each.join('') : null
}

function patternOf(english: string): RegExp {
  const source = english.replace(/[.*+?^$|()[\]\\/-]/g, String.raw`\$&`).replace(/\{(\d+)\}/g, '(?<p$1>.*?)')
  return new RegExp(`^${source}$`, 's')
}

function ownLetters(english: string): number {
  return english.replace(/\{\d+\}/g, '').length
}
