import { expect, test } from 'vitest'
import { parseFindQuery, type Findable } from './find-query'

const conv: Findable = {
  any: ['/stem/conv', 'Conv'],
  texts: { op: ['Conv', '.Conv'], name: ['/stem/conv'], value: ['image', 'stem out'], dtype: ['float32'], shape: ['1×32×112×112'], attr: ['kernel_shape=[3, 3]'] },
  numbers: { params: 864, macs: 10_838_016 },
}

function finds(query: string): boolean | string | null {
  const parsed = parseFindQuery(query)
  return parsed === null ? null : parsed.ok ? parsed.test(conv) : parsed.wrong
}

test('words are found anywhere, in any case, and all of them must be there', () => {
  expect([finds('STEM'), finds('stem conv'), finds('stem relu'), finds('  ')]).toEqual([true, true, false, null])
})

test('filters name what is compared; an operator type is meant in full', () => {
  expect([finds('op:Conv'), finds('op:Con'), finds('op:/^con/'), finds('dtype:float'), finds('shape:32x112'), finds('attr:kernel_shape=[3'), finds('value:"stem out"')]).toEqual([true, false, true, true, true, true, true])
})

test('figures are compared, with k, M and G, or as a range', () => {
  expect([finds('params:>1e6'), finds('macs:>10M'), finds('params:<=864'), finds('params:500..1k'), finds('params:864'), finds('bytes:>0')]).toEqual([false, true, true, true, true, false])
})

test('a minus turns a part around', () => {
  expect([finds('conv -op:Relu'), finds('-stem'), finds('-params:>1k')]).toEqual([true, false, true])
})

test('regular expressions may hold spaces; an unreadable part is named', () => {
  expect([finds('/stem.(c|d)onv/'), finds('value:/^stem OUT$/'), finds('/(/'), finds('conv params:many'), finds('op:')]).toEqual([true, true, '/(/', 'params:many', 'op:'])
})

test('a lone slash is a word, as names have them', () => {
  expect(finds('/stem/')).toBe(true)
  expect(finds('/stem/conv')).toBe(true)
})
