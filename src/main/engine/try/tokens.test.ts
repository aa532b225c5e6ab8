import { expect, test } from 'vitest'
import { joinPieces, slotsOf } from './tokens'

test('pieces become words again: English with spaces, Chinese without, ## joined', () => {
  expect(joinPieces(['half', 'past', 'sev', '##en'])).toBe('half past seven')
  expect(joinPieces(['早', '上', '七', '点'])).toBe('早上七点')
  expect(joinPieces(['five', 'o', "'", 'clock'])).toBe("five o'clock")
})

test('tokens of one kind side by side are a slot; other tokens end it', () => {
  const words = ['call', 'doctor', 'lee', 'at', 'noon', 'or', 'mid', '##night']
  const tags = ['O', 'B-contact', 'B-contact', 'O', 'B-time', 'O', 'B-time', 'I-time']
  expect(slotsOf(words, tags)).toEqual([
    { slot: 'contact', text: 'doctor lee' },
    { slot: 'time', text: 'noon' },
    { slot: 'time', text: 'midnight' },
  ])
})
