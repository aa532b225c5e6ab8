import i18next from 'i18next'
import ts from 'typescript'
import { afterEach, describe, expect, it } from 'vitest'
import { said, setEngineWords } from './engine-words'
import { engineZh } from './engine-zh'

const sources = import.meta.glob<string>(['../../main/**/*.ts', '../../shared/**/*.ts', '!../../**/*.test.ts'], { query: '?raw', import: 'default', eager: true })

/** Texts and templates in code, with {0}, {1}, … for what is put in. */
function sentencesIn(code: string): Set<string> {
  const found = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) found.add(node.text)
    else if (ts.isTemplateExpression(node)) found.add([node.head.text, ...node.templateSpans.map(({ literal }, at) => `{${String(at)}}${literal.text}`)].join(''))
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('source.ts', code, ts.ScriptTarget.Latest))
  return found
}

const placeholders = (text: string) => new Set(text.match(/\{\d+\}/g))

describe('what the engine says, in Chinese', () => {
  it('translates sentences that the engine has, and puts in nothing else than it says', () => {
    const known = new Set(Object.values(sources).flatMap((code) => [...sentencesIn(code)]))
    expect(Object.keys(engineZh).filter((english) => !known.has(english))).toEqual([])
    for (const [english, chinese] of Object.entries(engineZh)) expect(placeholders(english), english).toEqual(placeholders(english + chinese))
    // Every source is parsed.
  }, 60_000)
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
    expect(said("There is no 'x'. Did you mean 'y'?")).toBe("“x”不存在。是否想用 'y'？")
    expect(said("'a.onnx': There is no 'x'.")).toBe('“a.onnx”：“x”不存在。')
    expect(said("'a': something new")).toBe("'a': something new")
    expect(said("There is no 'x'. Something new.")).toBe("There is no 'x'. Something new.")
  })

  it('stands as it is in English', async () => {
    await speak('en')
    expect(said("There is no 'x'.")).toBe("There is no 'x'.")
  })
})
