/** Attributes as a person types them, and back. */
import type { AttributeInput } from '#shared/ipc/edit-commands'
import type { AttributeView } from '#shared/ipc/model-view'

/** Attribute types that have a text a person can type. */
export const TYPED_TEXT = ['int', 'float', 'string', 'ints', 'floats', 'strings', 'type'] as const
export type TextAttributeType = (typeof TYPED_TEXT)[number]

export type AttributeProblem = 'whole' | 'wholes' | 'number' | 'numbers' | 'empty'

export function isTextType(type: string): type is TextAttributeType {
  return TYPED_TEXT.some((known) => known === type)
}

/** Whether the text shown is all of the value, so that it can be edited and given back. */
export function isEditable({ type, text }: AttributeView): boolean {
  return isTextType(type) && !text.startsWith('@') && !/… \(\d+ (?:in all|bytes in all)\)$/.test(text)
}

/** The attribute that a text stands for; a list is separated by commas. What is wrong with it otherwise. */
export function parseAttribute(name: string, type: TextAttributeType, text: string): AttributeInput | AttributeProblem {
  const items = splitList(text)
  switch (type) {
    case 'int':
      return isWhole(text.trim()) ? { name, type, value: text.trim() } : 'whole'
    case 'ints':
      return items.every(isWhole) ? { name, type, value: items } : 'wholes'
    case 'float': {
      const value = floatOf(text.trim())
      return value === null ? 'number' : { name, type, value }
    }
    case 'floats': {
      const value = items.map(floatOf)
      return value.every((item) => item !== null) ? { name, type, value } : 'numbers'
    }
    case 'string':
      return { name, type, value: text }
    case 'strings':
      return { name, type, value: items }
    case 'type':
      return text.trim() === '' ? 'empty' : { name, type, value: text.trim() }
  }
}

function splitList(text: string): string[] {
  const bare = text.trim().replace(/^\[(.*)\]$/s, '$1')
  return bare.trim() === '' ? [] : bare.split(/[,，]/).map((item) => item.trim())
}

function isWhole(text: string): boolean {
  return /^-?\d+$/.test(text)
}

/** Infinities and NaN stay words: JSON has no numbers for them. */
function floatOf(text: string): number | 'NaN' | 'Infinity' | '-Infinity' | null {
  const special = /^([+-]?)inf(?:inity)?$/i.exec(text)
  if (special !== null) return special[1] === '-' ? '-Infinity' : 'Infinity'
  if (/^nan$/i.test(text)) return 'NaN'
  const value = text === '' ? NaN : Number(text)
  return Number.isFinite(value) ? value : null
}
