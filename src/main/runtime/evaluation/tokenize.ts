/** Text as the token ids a model takes, by the tokenizer it was trained with. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { z } from 'zod'
import { AppError } from '#shared/errors'
import type { TextPreprocessing } from '#shared/evaluation/preprocessing'
import { DATA_TYPES } from '#shared/onnx/data-type'
import { bytesOf } from '#shared/onnx/tensor-data'
import type { Feeds, TensorValue } from '../model-runner'

export interface LoadedTokenizer {
  readonly path: string
  /** Ids of a text, or of a pair of texts, with the special tokens models expect around them. */
  encode(text: string, pair: string | null): { readonly ids: number[]; readonly types: number[] }
  decode(ids: number[]): string
  readonly padId: number
}

const FILES = ['tokenizer.json', 'vocab.txt'] as const
const MOST_BYTES = 256 * 1024 * 1024
const TokenizerFile = z.looseObject({ model: z.looseObject({}), padding: z.looseObject({ pad_id: z.number() }).nullish(), added_tokens: z.array(z.looseObject({ id: z.number(), content: z.string() })).nullish() })

/** The tokenizer beside the first of these paths that has one, in its folder or the folder itself. Null where none has. */
export function findTokenizer(paths: readonly string[]): string | null {
  for (const path of paths) {
    const folder = existsSync(path) && statSync(path).isDirectory() ? path : dirname(path)
    for (const name of FILES) if (existsSync(join(folder, name))) return join(folder, name)
  }
  return null
}

/** Reads a `tokenizer.json` (Hugging Face), or a `vocab.txt` of WordPiece (BERT). Throws AppError `not-found`, `invalid-data`. */
export function loadTokenizer(path: string): LoadedTokenizer {
  if (!existsSync(path)) throw new AppError({ code: 'not-found', message: `There is no tokenizer at '${path}'.`, hint: 'Put tokenizer.json or vocab.txt beside the model or the data.' })
  if (statSync(path).size > MOST_BYTES) throw new AppError({ code: 'invalid-data', message: `'${basename(path)}' is too large for a tokenizer.` })
  const text = readFileSync(path, 'utf8')
  try {
    const definition = path.endsWith('.txt') ? wordPiece(text) : TokenizerFile.parse(JSON.parse(text))
    const tokenizer = new Tokenizer(definition, {})
    const pads = ['[PAD]', '<pad>', '<|pad|>', '<|endoftext|>']
    return {
      path,
      encode(first, pair) {
        const { ids, token_type_ids: types } = tokenizer.encode(first, { text_pair: pair, return_token_type_ids: true })
        return { ids, types }
      },
      decode: (ids) => tokenizer.decode(ids, { skip_special_tokens: true }),
      padId: definition.padding?.pad_id ?? pads.flatMap((token) => tokenizer.token_to_id(token) ?? [])[0] ?? 0,
    }
  } catch (error) {
    throw new AppError({ code: 'invalid-data', message: `'${basename(path)}' is no tokenizer that can be used: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}.` }, { cause: error })
  }
}

/** BERT's own tokenizer from its list of words: cased where the list has capitals. */
function wordPiece(text: string): z.infer<typeof TokenizerFile> {
  const words = text.replace(/\r?\n$/, '').split(/\r?\n/)
  const vocab = Object.fromEntries(words.map((word, id) => [word, id]))
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'].filter((word) => vocab[word] !== undefined)
  if (vocab['[UNK]'] === undefined) throw new Error('the word list has no [UNK]')
  const isSpecial = (word: string) => /^\[.*\]$/.test(word)
  const part = (id: string, type: number) => ({ SpecialToken: { id, type_id: type } })
  const framed = vocab['[CLS]'] !== undefined && vocab['[SEP]'] !== undefined
  const a = { Sequence: { id: 'A', type_id: 0 } }
  const b = { Sequence: { id: 'B', type_id: 1 } }
  return {
    added_tokens: special.map((content) => ({ id: vocab[content] ?? 0, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: !words.some((word) => !isSpecial(word) && /\p{Lu}/u.test(word)) },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: framed
      ? {
          type: 'TemplateProcessing',
          single: [part('[CLS]', 0), a, part('[SEP]', 0)],
          pair: [part('[CLS]', 0), a, part('[SEP]', 0), b, part('[SEP]', 1)],
          special_tokens: Object.fromEntries(['[CLS]', '[SEP]'].map((id) => [id, { id, ids: [vocab[id]], tokens: [id] }])),
        }
      : null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab },
  }
}

/**
 * Feeds of one text: ids, mask and segment ids as `[1, tokens]`, for those inputs that the card names. Longer texts are cut, the last
 * special token kept.
 */
export function tokenFeeds(tokenizer: LoadedTokenizer, card: TextPreprocessing, { text, pair, dataType }: { readonly text: string; readonly pair: string | null; readonly dataType: 'int64' | 'int32' }): Feeds {
  const encoded = tokenizer.encode(text, pair)
  const cut = (values: readonly number[]) => (values.length <= card.maxLength ? [...values] : [...values.slice(0, card.maxLength - 1), values.at(-1) ?? 0])
  const [ids, types] = [cut(encoded.ids), cut(encoded.types)]
  const length = card.padding === 'max-length' ? card.maxLength : ids.length
  const filled = (values: readonly number[], filler: number) => toTensor([...values, ...new Array<number>(length - values.length).fill(filler)], dataType)
  return new Map([
    [card.input, filled(ids, tokenizer.padId)],
    ...(card.mask === null ? [] : ([[card.mask, filled(ids.map(() => 1), 0)]] as const)),
    ...(card.types === null ? [] : ([[card.types, filled(types, 0)]] as const)),
  ])
}

function toTensor(values: readonly number[], dataType: 'int64' | 'int32'): TensorValue {
  const bytes = dataType === 'int64' ? bytesOf(BigInt64Array.from(values, BigInt)) : bytesOf(Int32Array.from(values))
  return { dataType: DATA_TYPES[dataType].code, dims: [1, values.length], bytes }
}
