import i18next from 'i18next'
import ts from 'typescript'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { said, setEngineWords } from './engine-words'
import { engineZh } from './engine-zh'
import { zodZh } from './zod-zh'

const sources = import.meta.glob<string>(['../../main/**/*.ts', '../../shared/**/*.ts', '!../../**/*.test.ts', '!../../**/testing/**'], { query: '?raw', import: 'default', eager: true })

/** They speak to a terminal, to a browser before it has the window, or in both languages already. */
const NOT_IN_THE_WINDOW = /main\/host\/(cli|browser|electron)\/|main\/host\/start\.ts|device\/browser-server\.ts|variants\/report-words\.ts/
/** Words in the forms and documents of options and commands; `catalogue-zh.ts` has those that are shown. */
const DOCUMENTING = new Set(['describe', 'command'])
const OF_ERRORS = new Set(['message', 'hint', 'reason', 'problem'])
const OF_CATALOGUE = new Set(['title', 'description'])

/** A text or template in code, with {0}, {1}, … for what is put in. */
function textOf(node: ts.Node): string | null {
  if (ts.isStringLiteralLike(node)) return node.text
  return ts.isTemplateExpression(node) ? [node.head.text, ...node.templateSpans.map(({ literal }, at) => `{${String(at)}}${literal.text}`)].join('') : null
}

function walk(code: string, visit: (node: ts.Node, parent: ts.Node | null) => 'enough' | undefined): void {
  const into = (node: ts.Node, parent: ts.Node | null): void => {
    if (visit(node, parent) !== 'enough') ts.forEachChild(node, (child) => { into(child, node) })
  }
  into(ts.createSourceFile('source.ts', code, ts.ScriptTarget.Latest), null)
}

function textsIn(code: string): Set<string> {
  const found = new Set<string>()
  walk(code, (node) => {
    const text = textOf(node)
    if (text !== null) found.add(text)
    return undefined
  })
  return found
}

/** What people read: whole sentences, and what errors and findings are made with. Reasons that come from elsewhere are not found. */
function spokenIn(code: string): Set<string> {
  const found = new Set<string>()
  walk(code, (node, parent) => {
    if ((ts.isCallExpression(node) || ts.isNewExpression(node)) && isUnheard(node)) return 'enough'
    if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name) && OF_ERRORS.has(node.name.text)) {
      for (const text of choices(node.initializer)) if (words(text) > 1) found.add(text)
    }
    const isOfCatalogue = parent !== null && ts.isPropertyAssignment(parent) && ts.isIdentifier(parent.name) && OF_CATALOGUE.has(parent.name.text)
    const text = isOfCatalogue ? null : textOf(node)
    if (text !== null && /^[A-Z{'].*[.?]$/s.test(text) && words(text) > 2) found.add(text)
    return undefined
  })
  return found
}

/** Our own bugs, reasons to abort, and what documents options. */
function isUnheard({ expression, arguments: given }: ts.CallExpression | ts.NewExpression): boolean {
  const name = ts.isPropertyAccessExpression(expression) ? expression.name.text : ts.isIdentifier(expression) ? expression.text : ''
  const [first] = given ?? []
  return DOCUMENTING.has(name) || name === 'DOMException' || (first !== undefined && textOf(first)?.startsWith('internal:') === true)
}

/** The texts an expression may be. */
function choices(node: ts.Expression): string[] {
  if (ts.isParenthesizedExpression(node)) return choices(node.expression)
  if (ts.isConditionalExpression(node)) return [...choices(node.whenTrue), ...choices(node.whenFalse)]
  if (ts.isBinaryExpression(node)) return [...choices(node.left), ...choices(node.right)]
  const text = textOf(node)
  return text === null ? [] : [text]
}

const words = (text: string) => text.replace(/\{\d+\}/g, '').match(/[A-Za-z]{2,}/g)?.length ?? 0
const placeholders = (text: string) => new Set(text.match(/\{\d+\}/g))

describe('what the engine says, in Chinese', () => {
  it('translates sentences that the engine has, and puts in nothing else than it says', () => {
    const known = new Set(Object.values(sources).flatMap((code) => [...textsIn(code)]))
    expect(Object.keys(engineZh).filter((english) => !known.has(english))).toEqual([])
    for (const [english, chinese] of Object.entries(engineZh)) expect(placeholders(english), english).toEqual(placeholders(english + chinese))
    // Every source is parsed.
  }, 60_000)

  it('is there for each sentence that can reach the window', () => {
    const heard = Object.entries(sources).filter(([file]) => !NOT_IN_THE_WINDOW.test(file))
    const missing = heard.flatMap(([file, code]) => [...spokenIn(code)].filter((text) => engineZh[text] === undefined).map((text) => `${file}: ${text}`))
    expect(missing, 'give these Chinese words in src/renderer/i18n/engine-zh').toEqual([])
  }, 60_000)

  it('is asked for sentences, hints and reasons, and for nothing that people do not read', () => {
    const code = `
      throw new AppError({ code: 'x', message: is ? 'It is one.' : \`It has \${count} of \${all}.\`, hint: 'try again' })
      throw new Error('internal: no such thing was found.')
      const option = z.number().describe('How many of them are looked at.')
      const pass = { title: 'Make it small', description: 'Takes out what does nothing.' }
      return 'Nothing fits into it.'`
    expect([...spokenIn(code)]).toEqual(['It is one.', 'It has {0} of {1}.', 'try again', 'Nothing fits into it.'])
  })
})

it('what zod says of options is said in Chinese', async () => {
  await i18next.init({ lng: 'zh', resources: {} })
  setEngineWords(zodZh)
  const options = z.strictObject({ bits: z.number().int().min(2).max(8), share: z.number().gt(0).lt(1), kind: z.enum(['a', 'b']), name: z.string().min(1).max(2), list: z.array(z.string()).min(1) })
  const wrong = [
    { bits: 1, share: 0, kind: 'c', name: '', list: [] },
    { bits: 9, share: 1, name: 'long', list: 'x' },
    { bits: 'x', share: 0.5, kind: 'a', name: 'b', list: ['x'], other: 1, more: 2 },
  ]
  const told = wrong.flatMap((value) => options.safeParse(value).error?.issues ?? []).map(({ message }) => said(message))
  setEngineWords({})
  expect(told.length).toBeGreaterThan(10)
  expect(told.filter((text) => !/[\u4e00-\u9fff]/.test(text))).toEqual([])
})

describe('a sentence', () => {
  const speak = async (language: string) => {
    await i18next.init({ lng: language, resources: {} })
    setEngineWords({
      "There is no '{0}'.": '“{0}”不存在。',
      'It failed: {0}': '失败：{0}',
      'Did you mean {0}?': '是否想用 {0}？',
      'Half of {0}.': '{0} 的一半。',
      "'{0}': {1}": '“{0}”：{1}',
      "{0} reads '{1}'.": '{0} 读取“{1}”。',
      "the {0} that makes '{1}'": '产生“{1}”的 {0}',
      'a label is missing': '缺少标签',
      "'{0}' {1}": '“{0}”{1}',
      'Broken{0}: {1}.': '损坏{0}：{1}。',
      " on '{0}'": '（“{0}”上）',
      'It ran {0}{1}.': '运行了 {0}{1}。',
    })
  }
  afterEach(() => setEngineWords({}))

  it('is translated with its names and figures, and what it has no words for stands as it is', async () => {
    await speak('zh')
    expect(said("There is no 'a (1).onnx'.")).toBe('“a (1).onnx”不存在。')
    expect(said('Half of 3.')).toBe('3 的一半。')
    expect(said('Something new.')).toBe('Something new.')
  })

  it('is translated within another, and beside another', async () => {
    await speak('zh')
    expect(said("It failed: There is no 'x'.")).toBe('失败：“x”不存在。')
    expect(said('It failed: a label is missing.')).toBe('失败：缺少标签。')
    expect(said("There is no 'x'. Did you mean 'y'?")).toBe("“x”不存在。是否想用 'y'？")
    expect(said("'a.onnx': There is no 'x'.")).toBe('“a.onnx”：“x”不存在。')
    expect(said("'a': something new")).toBe("'a': something new")
    expect(said("There is no 'x'. Something new.")).toBe("There is no 'x'. Something new.")
  })

  it('is translated as the beginning of another, in a list of others, and with pieces that are put in', async () => {
    await speak('zh')
    expect(said("The Conv that makes 'y' reads 'x'.")).toBe('产生“y”的 Conv 读取“x”。')
    expect(said("Broken on 'my phone': 'a.png' a label is missing; 'b.png' a label is missing.")).toBe('损坏（“my phone”上）：“a.png”缺少标签；“b.png”缺少标签。')
  })

  it('ends with a piece, or without', async () => {
    await speak('zh')
    expect(said("It ran a and b on 'x'.")).toBe('运行了 a and b（“x”上）。')
    expect(said('It ran a and b.')).toBe('运行了 a and b。')
  })

  it('stands as it is in English', async () => {
    await speak('en')
    expect(said("There is no 'x'.")).toBe("There is no 'x'.")
  })
})
