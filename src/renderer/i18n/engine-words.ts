/**
 * What the engine says, in the window's language. The engine, like the command line, speaks English: its sentence with {0}, {1}, … in the
 * place of names and figures is the key of a translation. What has none stands as it is.
 */
import i18next from 'i18next'

/** A sentence of fewer letters of its own could be anything. */
const FEW_LETTERS = 8
/** Texts that are kept as translated: more than a window shows at a time. */
const MOST_KEPT = 2000

interface Sentence {
  readonly pattern: RegExp
  /** It counts only around something that is translated. */
  readonly isFrame: boolean
  readonly translation: string
}

let sentences: readonly Sentence[] = []
const kept = new Map<string, string | null>()

/** @param words translations by English sentence, in Chinese so far. */
export function setEngineWords(words: Readonly<Record<string, string>>): void {
  kept.clear()
  // What begins in the middle of a sentence; where it is left out nothing stands there.
  const pieces = Object.keys(words).filter(isPiece)
  const anyPiece = pieces.map((piece) => escaped(piece).replace(/\{\d+\}/g, '.*?')).join('|')
  sentences = Object.entries(words)
    // What says more in its own words comes first: a sentence of placeholders would match much.
    .toSorted(([a], [b]) => ownText(b).length - ownText(a).length)
    .map(([english, translation]) => ({ pattern: patternOf(english, anyPiece), isFrame: isFrame(english), translation }))
}

/** A message or hint of the engine's, as the person reads it. */
export function said(text: string): string {
  return i18next.language === 'zh' ? (translated(text) ?? text) : text
}

/** Null where the text has no translation as a whole, nor each of its parts one. */
function translated(text: string): string | null {
  const known = kept.get(text)
  if (known !== undefined) return known
  if (kept.size >= MOST_KEPT) kept.clear()
  const found = asSentence(text) ?? inParts(text, /(?<=[.?!]) (?=\S)/, '') ?? inParts(text, /; /, '；') ?? withStop(text)
  kept.set(text, found)
  return found
}

function asSentence(text: string): string | null {
  for (const { pattern, isFrame, translation } of sentences) {
    const found = pattern.exec(text)
    if (!found) continue
    const parts = found.groups ?? {}
    if (isFrame && Object.values(parts).every((part) => translated(part) === null)) continue
    // A name or figure stays; a reason that was put in is a sentence of its own.
    return translation.replace(/\{(\d+)\}/g, (_, at: string) => said(parts[`p${at}`] ?? ''))
  }
  return null
}

/** A reason that was made a sentence. */
function withStop(text: string): string | null {
  const reason = /[^.]\.$/.test(text) ? translated(text.slice(0, -1)) : null
  return reason === null ? null : `${reason}。`
}

function inParts(text: string, between: RegExp, joint: string): string | null {
  const parts = text.split(between)
  const each = parts.length < 2 ? [] : parts.map(translated)
  return each.length > 0 && each.every((part) => part !== null) ? each.join(joint) : null
}

/** In any case: what begins a sentence may stand within one, too. What is put in right behind something else is a piece or nothing. */
function patternOf(english: string, anyPiece: string): RegExp {
  const source = escaped(english).replace(/(?<=\})\{(\d+)\}|\{(\d+)\}/g, (_, behind: string | undefined, at: string) => (behind === undefined ? `(?<p${at}>.*?)` : `(?<p${behind}>(?:${anyPiece})?)`))
  return new RegExp(`^${source}$`, 'is')
}

function escaped(text: string): string {
  return text.replace(/[.*+?^$|()[\]\\/-]/g, String.raw`\$&`)
}

function isPiece(english: string): boolean {
  return /^[ ,;]/.test(english)
}

/** Few words around others. A piece is put in on purpose. */
function isFrame(english: string): boolean {
  const own = ownText(english)
  const [placeholders, words] = [english.match(/\{\d+\}/g)?.length ?? 0, own.match(/[A-Za-z]{2,}/g)?.length ?? 0]
  const isShort = own.length < FEW_LETTERS || (placeholders > 1 && words < 2 && own.length < FEW_LETTERS + 2)
  return placeholders > 0 && isShort && !isPiece(english)
}

function ownText(english: string): string {
  return english.replace(/\{\d+\}/g, '')
}
