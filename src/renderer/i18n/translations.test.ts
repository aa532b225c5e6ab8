import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { canvasEn } from '../canvas/i18n/en'
import { canvasZh } from '../canvas/i18n/zh'
import { phonesEn } from '../devices/i18n/en'
import { phonesZh } from '../devices/i18n/zh'
import { evaluateEn } from '../evaluate/i18n/en'
import { evaluateZh } from '../evaluate/i18n/zh'
import { editEn } from '../panels/edit/i18n/en'
import { editZh } from '../panels/edit/i18n/zh'
import { pruneEn } from '../prune/i18n/en'
import { pruneZh } from '../prune/i18n/zh'
import { quantizeEn } from '../quantize/i18n/en'
import { quantizeZh } from '../quantize/i18n/zh'
import { simplifyEn } from '../simplify/i18n/en'
import { simplifyZh } from '../simplify/i18n/zh'
import { variantsEn } from '../variants/i18n/en'
import { variantsZh } from '../variants/i18n/zh'
import { profileViewsEn } from '../profile/i18n/en'
import { profileViewsZh } from '../profile/i18n/zh'
import { en } from './en'
import { chosenLanguage } from './start-i18n'
import { zh } from './zh'

const components = import.meta.glob<string>(['../**/*.tsx', '!../**/*.test.tsx'], { query: '?raw', import: 'default', eager: true })

function texts(tree: object, path = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(tree) as [string, unknown][]) {
    const name = path === '' ? key : `${path}.${key}`
    if (typeof value === 'string') found.set(name, value)
    else for (const [inner, text] of texts(value as object, name)) found.set(inner, text)
  }
  return found
}

const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort()

/** Attributes whose text a person reads or hears. */
const SPOKEN = new Set(['alt', 'aria-label', 'description', 'label', 'placeholder', 'title', 'nothingFound'])
const HAS_LETTERS = /\p{L}/u

function hardWiredTexts(code: string): string[] {
  const source = ts.createSourceFile('component.tsx', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node) && HAS_LETTERS.test(node.text)) found.push(node.text.trim())
    if (ts.isJsxExpression(node) && node.expression !== undefined && ts.isStringLiteral(node.expression) && !ts.isJsxAttribute(node.parent) && HAS_LETTERS.test(node.expression.text)) {
      found.push(node.expression.text)
    }
    if (ts.isJsxAttribute(node) && SPOKEN.has(node.name.getText()) && node.initializer !== undefined && ts.isStringLiteral(node.initializer) && HAS_LETTERS.test(node.initializer.text)) {
      found.push(node.initializer.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

describe.each([
  ['the window', en, zh],
  ['the canvas', canvasEn, canvasZh],
  ['editing', editEn, editZh],
  ['variants', variantsEn, variantsZh],
  ['views of a profile', profileViewsEn, profileViewsZh],
  ['quantizing', quantizeEn, quantizeZh],
  ['simplifying', simplifyEn, simplifyZh],
  ['pruning', pruneEn, pruneZh],
  ['evaluating', evaluateEn, evaluateZh],
  ['phones', phonesEn, phonesZh],
])('translations of %s', (_name, english, chinese) => {
  it('have the same keys in both languages', () => {
    expect([...texts(chinese).keys()].sort()).toEqual([...texts(english).keys()].sort())
  })

  it('have the same placeholders, and no empty text', () => {
    const other = texts(chinese)
    for (const [key, text] of texts(english)) {
      expect(text, key).not.toBe('')
      expect(placeholders(other.get(key) ?? ''), key).toEqual(placeholders(text))
    }
  })
})

it('text that is hard-wired is found in elements, expressions and spoken attributes', () => {
  expect(hardWiredTexts('<p className="wide" title="Size">Open {"model"} {t("key")} · <b>×</b></p>')).toEqual(['Size', 'Open', 'model'])
})

it('no component has hard-wired text', () => {
  const files = Object.entries(components)
  expect(files.length).toBeGreaterThan(20)
  expect(files.flatMap(([file, code]) => hardWiredTexts(code).map((text) => `${file}: ${text}`))).toEqual([])
})

it('the language is the chosen one, else the first of the system’s that we speak', () => {
  expect(chosenLanguage('zh', ['en-US'])).toBe('zh')
  expect(chosenLanguage('system', ['fr', 'zh-TW', 'en'])).toBe('zh')
  expect(chosenLanguage('system', ['de'])).toBe('en')
})
