/**
 * What is typed into the find bar: words, `/regular expressions/`, and filters such as `op:Conv`, `dtype:int8`, `shape:1x3`,
 * `attr:kernel_shape=[3`, `params:>1e6`. All must hold; a minus in front turns one around.
 */

const TEXT_FIELDS = ['op', 'name', 'value', 'dtype', 'shape', 'attr'] as const
const NUMBER_FIELDS = ['params', 'macs', 'bytes'] as const
export type TextField = (typeof TEXT_FIELDS)[number]
export type NumberField = (typeof NUMBER_FIELDS)[number]

/** What a query is held against. Missing fields match nothing. */
export interface Findable {
  /** What words without a field are looked for in. */
  readonly any: readonly string[]
  readonly texts: Partial<Record<TextField, readonly string[]>>
  readonly numbers: Partial<Record<NumberField, number | null>>
}

export type FindTest = (subject: Findable) => boolean

export type FindQuery = { readonly ok: true; readonly test: FindTest } | { readonly ok: false; readonly wrong: string }

/** Null for an empty query; `wrong` is the part that cannot be read. */
export function parseFindQuery(text: string): FindQuery | null {
  const parts = splitQuery(text)
  if (parts.length === 0) return null
  const tests: FindTest[] = []
  for (const part of parts) {
    const test = parsePart(part)
    if (test === null) return { ok: false, wrong: part }
    tests.push(test)
  }
  return { ok: true, test: (subject) => tests.every((test) => test(subject)) }
}

/** At spaces, but not inside quotes or a regular expression. */
function splitQuery(text: string): string[] {
  return text.match(/(?:-?[a-z]+:)?(?:\/(?:\\.|[^/\\])+\/[imsu]*(?=\s|$)|"[^"]*")|\S+/gi) ?? []
}

function parsePart(part: string): FindTest | null {
  if (part.startsWith('-') && part.length > 1) {
    const test = parsePart(part.slice(1))
    return test && ((subject) => !test(subject))
  }
  const [, fieldName, wanted] = /^([a-z]+):(.*)$/is.exec(part) ?? []
  const textField = TEXT_FIELDS.find((field) => field === fieldName?.toLowerCase())
  const numberField = NUMBER_FIELDS.find((field) => field === fieldName?.toLowerCase())
  if (numberField !== undefined) return parseNumberTest(numberField, wanted ?? '')
  if (textField === undefined) {
    const matches = parseTextTest(part, { whole: false })
    return matches && (({ any }) => any.some(matches))
  }
  // An operator type is meant in full: `op:Conv` is not ConvTranspose.
  const matches = parseTextTest(textField === 'shape' ? (wanted ?? '').replaceAll(/[x,]/g, '×') : (wanted ?? ''), { whole: textField === 'op' })
  return matches && (({ texts }) => texts[textField]?.some(matches) === true)
}

function parseTextTest(wanted: string, { whole }: { whole: boolean }): ((text: string) => boolean) | null {
  const [, source, flags] = /^\/(.+)\/([imsu]*)$/s.exec(wanted) ?? []
  if (source !== undefined) {
    try {
      const expression = new RegExp(source, flags === '' ? 'i' : flags)
      return (text) => expression.test(text)
    } catch {
      // An unfinished expression is the person's to finish; the bar says which part it is.
      return null
    }
  }
  const plain = wanted.replaceAll('"', '').toLowerCase()
  if (plain === '') return null
  return whole ? (text) => text.toLowerCase() === plain : (text) => text.toLowerCase().includes(plain)
}

/** `>1e6`, `>=10k`, `<2M`, `0`, `1k..2k`. */
function parseNumberTest(field: NumberField, wanted: string): FindTest | null {
  const [, low, high] = /^(.+)\.\.(.+)$/.exec(wanted) ?? []
  const [, sign = '', figure = ''] = /^(>=|<=|>|<|=)?(.*)$/.exec(wanted) ?? []
  if (low !== undefined && high !== undefined) {
    const [least, most] = [parseFigure(low), parseFigure(high)]
    return least === null || most === null ? null : numberTest(field, (number) => number >= least && number <= most)
  }
  const limit = parseFigure(figure)
  if (limit === null) return null
  if (sign === '>') return numberTest(field, (number) => number > limit)
  if (sign === '>=') return numberTest(field, (number) => number >= limit)
  if (sign === '<') return numberTest(field, (number) => number < limit)
  if (sign === '<=') return numberTest(field, (number) => number <= limit)
  return numberTest(field, (number) => number === limit)
}

function numberTest(field: NumberField, holds: (number: number) => boolean): FindTest {
  return ({ numbers }) => {
    const number = numbers[field]
    return number !== undefined && number !== null && holds(number)
  }
}

const UNITS: Record<string, number> = { '': 1, k: 1e3, m: 1e6, g: 1e9, b: 1e9 }

function parseFigure(text: string): number | null {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?(?:e[+-]?\d+)?)([kmgb]?)$/i.exec(text.trim()) ?? []
  return digits === undefined ? null : Number(digits) * (UNITS[unit.toLowerCase()] ?? 1)
}
