import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quoteShell } from './quote-shell'

/** Any text a file may be named by: no NUL, and well-formed, since a path is UTF-8. */
const word = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', ' ', "'", '"', '$(id)', '`id`', '\n', '\\', '-n', '中文', '📱', '*', '~', '!x', '\r\n', "'\\''")).map((text) => text.replaceAll('\0', ''))

test('this machine’s sh takes every quoted word literally', () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
      const printed = execFileSync('sh', ['-c', `printf '%s\\0' ${words.map(quoteShell).join(' ')}`], { encoding: 'utf8' })
      expect(printed.split('\0').slice(0, -1)).toEqual(words)
    }),
    { numRuns: 150 },
  )
})

test('a NUL, which no argument can carry, is our own mistake', () => {
  expect(() => quoteShell('a\0b')).toThrow('internal:')
})
