/** Words, texts, numbers and signs of ONNX's text form, one after the other, with where they stand. */
import { AppError } from '../../errors'
import type { TextProblem } from '../../ipc/text-problem'

export interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'sign' | 'end'
  /** Without quotes and escapes. */
  readonly text: string
  readonly start: number
  readonly end: number
}

/** A range of a text that a problem is about. */
export interface TextRange {
  readonly start: number
  readonly end: number
}

const SPACE = /(?:\s+|#[^\n]*)+/y
const WORD = /[A-Za-z_]\w*/y
const NUMBER = /[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|(?:inf|infinity|nan)\b)/y
const TEXT = /"((?:[^"\\]|\\[^])*)"/y
const SIGN = /=>|[<>(){}[\],=:@.?]/y

export class TokenReader {
  #next: Token
  #lastEnd = 0

  constructor(readonly source: string) {
    this.#next = this.#read(0)
  }

  /** The token to be taken next. */
  get next(): Token {
    return this.#next
  }

  /** Where the token that was taken last ends. */
  get lastEnd(): number {
    return this.#lastEnd
  }

  take(): Token {
    const token = this.#next
    this.#lastEnd = token.end
    this.#next = this.#read(token.end)
    return token
  }

  isSign(sign: string): boolean {
    return this.#next.kind === 'sign' && this.#next.text === sign
  }

  /** Takes the sign where it comes next. */
  accept(sign: string): boolean {
    const found = this.isSign(sign)
    if (found) this.take()
    return found
  }

  expect(sign: string): Token {
    if (!this.isSign(sign)) this.fail(`'${sign}'`)
    return this.take()
  }

  /** A name, in quotes or not. */
  expectName(what: string): Token {
    if (this.#next.kind !== 'word' && this.#next.kind !== 'text') this.fail(what)
    return this.take()
  }

  expectText(what: string): string {
    if (this.#next.kind !== 'text') this.fail(`${what} in quotes`)
    return this.take().text
  }

  expectInteger(what: string): bigint {
    if (!isIntegerToken(this.#next)) this.fail(what)
    return BigInt(this.take().text)
  }

  /** `open item, item close`; a comma may stand behind the last one. */
  list<T>(open: string, close: string, item: () => T): T[] {
    this.expect(open)
    const items: T[] = []
    while (!this.isSign(close)) {
      items.push(item())
      if (!this.accept(',') && !this.isSign(close)) this.fail(`',' or '${close}'`)
    }
    this.take()
    return items
  }

  /** Throws `invalid-data`: what was expected where the next token stands. */
  fail(expected: string): never {
    const { kind, text, start, end } = this.#next
    const found = kind === 'end' ? 'the end of the text' : `'${text.length > 40 ? `${text.slice(0, 39)}…` : text}'`
    throw textError([problemAt(this.source, { start, end }, `Expected ${expected}, found ${found}.`)])
  }

  #read(from: number): Token {
    const { source } = this
    const start = from + (match(SPACE, source, from)?.[0].length ?? 0)
    if (start >= source.length) return { kind: 'end', text: '', start: source.length, end: source.length }
    const tokens = { number: match(NUMBER, source, start), word: match(WORD, source, start), sign: match(SIGN, source, start) }
    const text = source[start] === '"' ? match(TEXT, source, start) : null
    if (text) return { kind: 'text', text: (text[1] ?? '').replace(/\\([^])/g, '$1'), start, end: start + text[0].length }
    if (source[start] === '"') throw textError([problemAt(source, { start, end: lineEnd(source, start) }, 'This text has no closing quote.')])
    // `inf` by itself is a word: names may be called so, and who reads numbers knows it.
    for (const kind of ['word', 'number', 'sign'] as const) {
      const found = tokens[kind]?.[0]
      if (found !== undefined) return { kind, text: found, start, end: start + found.length }
    }
    throw textError([problemAt(source, { start, end: start + 1 }, `The character '${String.fromCodePoint(source.codePointAt(start) ?? 0)}' has no place here; names with such characters stand in quotes.`)])
  }
}

export function isIntegerToken({ kind, text }: Token): boolean {
  return kind === 'number' && /^[+-]?\d+$/.test(text)
}

export function problemAt(source: string, { start, end }: TextRange, message: string): TextProblem {
  const before = source.slice(0, start)
  const lineStart = before.lastIndexOf('\n') + 1
  const column = start - lineStart + 1
  return { line: before.split('\n').length, column, endColumn: column + Math.max(1, Math.min(end, lineEnd(source, start)) - start), message }
}

/** `details.problems` holds them all ({@link TextProblem}); the message is the first one's. */
export function textError(problems: readonly TextProblem[]): AppError {
  const [first] = problems
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  return new AppError({ code: 'invalid-data', message: `Line ${first?.line ?? 1}, column ${first?.column ?? 1}: ${first?.message ?? ''}${more}`, details: { problems } })
}

function lineEnd(source: string, from: number): number {
  const end = source.indexOf('\n', from)
  return end < 0 ? source.length : end
}

function match(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(source)
}
