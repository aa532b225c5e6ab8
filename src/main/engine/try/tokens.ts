/** Texts as token ids and back, by a `tokenizer.json`. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { AppError } from '#shared/errors'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { bytesOf } from '#shared/onnx/tensor-data'
import type { TensorValue } from '../../runtime/model-runner'

const opened = new Map<string, Tokenizer>()

/** Throws AppError `not-found` or `invalid-data`. */
export function openTokenizer(path: string): Tokenizer {
  const known = opened.get(path)
  if (known) return known
  try {
    const tokenizer = new Tokenizer(JSON.parse(readFileSync(path, 'utf8')) as object, {})
    opened.set(path, tokenizer)
    return tokenizer
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw new AppError({ code: missing ? 'not-found' : 'invalid-data', message: `The tokenizer '${basename(path)}' ${missing ? 'is missing' : 'could not be read'}.`, hint: 'Keep it in the folder of the model.' }, { cause: error })
  }
}

/** Ids as int64 `[1, length]`. */
export function idTensor(ids: readonly number[]): TensorValue {
  return { dataType: DATA_TYPES.int64.code, dims: [1, ids.length], bytes: bytesOf(BigInt64Array.from(ids, BigInt)) }
}

/**
 * Tokens of a tagged text put together again: pieces that begin with ## belong to the word before, Chinese characters stand
 * without spaces.
 */
export function joinPieces(pieces: readonly string[]): string {
  return pieces.reduce((text, piece) => {
    if (piece.startsWith('##')) return text + piece.slice(2)
    const tight = text === '' || piece === "'" || text.endsWith("'") || isHan(piece.at(0) ?? '') || isHan(text.at(-1) ?? '')
    return tight ? text + piece : `${text} ${piece}`
  }, '')
}

function isHan(character: string): boolean {
  return /\p{Script=Han}/u.test(character)
}

/** Slots of a text from BIO tags of its tokens. Tokens of one kind side by side are one slot: recognised words are rarely two of a kind in a row. */
export function slotsOf(pieces: readonly string[], tags: readonly string[]): { slot: string; text: string }[] {
  const slots: { slot: string; pieces: string[] }[] = []
  let open: string | null = null
  pieces.forEach((piece, at) => {
    const tag = tags[at] ?? 'O'
    const slot = tag === 'O' ? null : tag.slice(2)
    const last = slots.at(-1)
    if (slot !== null && slot === open && last) last.pieces.push(piece)
    else if (slot !== null) slots.push({ slot, pieces: [piece] })
    open = slot
  })
  return slots.map(({ slot, pieces: own }) => ({ slot, text: joinPieces(own) }))
}
