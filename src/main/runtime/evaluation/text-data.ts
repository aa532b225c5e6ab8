/** JSONL: one text a line, with its label. */
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { AppError } from '#shared/errors'
import type { TextPreprocessing } from '#shared/evaluation/preprocessing'
import { modelInputs } from '../model-inputs'
import type { EvaluationData, EvaluationSample, OpenDataOptions } from './evaluation-data'
import { fileFingerprint, withFile } from './fingerprint'
import { type RawLabel, readLabel } from './label'
import { findTokenizer, type LoadedTokenizer, loadTokenizer, tokenFeeds } from './tokenize'

const TEXT_KEYS = ['text', 'sentence', 'sentence1', 'content', 'input', 'premise', 'question', 'source'] as const
const PAIR_KEYS = ['text_pair', 'sentence2', 'pair', 'hypothesis', 'context'] as const
const LABEL_KEYS = ['label', 'class', 'category', 'target', 'answer', 'reference', 'score', 'labels'] as const
const Line = z.record(z.string(), z.unknown())

/** Throws AppError `not-found` without a tokenizer, `invalid-data` where the file has no lines. */
export async function openTextData(options: OpenDataOptions & { readonly card: TextPreprocessing }): Promise<EvaluationData> {
  const { path, modelPath, card, labels } = options
  const tokenizerPath = card.tokenizer ?? findTokenizer([path, modelPath])
  if (tokenizerPath === null) throw new AppError({ code: 'not-found', message: 'Texts need the tokenizer that the model was trained with, and none was found.', hint: 'Put tokenizer.json or vocab.txt beside the model or the data, or name it in the preprocessing.' })
  const tokenizer = loadTokenizer(tokenizerPath)
  const input = modelInputs(options.model).find(({ name }) => name === card.input)
  if (input?.dataType !== 'int64' && input?.dataType !== 'int32') throw new AppError({ code: 'invalid-data', message: `The model has no input '${card.input}' of integers for token ids.`, hint: 'Correct the name of the input in the preprocessing.' })
  const { lines, words } = await survey(path)
  if (lines === 0) throw new AppError({ code: 'invalid-data', message: `'${basename(path)}' holds no samples.` })
  const classNames = words.length > 0 && labels === 'class' ? words : null
  const read = { ...options, tokenizer, classNames, dataType: input.dataType }
  return {
    kind: 'texts',
    description: `${lines === 1 ? '1 text' : `${lines} texts`} of ${basename(path)}, tokenizer ${basename(tokenizerPath)}`,
    sampleCount: lines,
    classNames,
    fingerprint: () => withFile(fileFingerprint(path), tokenizerPath),
    async *samples(from, { signal } = {}) {
      let number = 0
      for await (const line of linesOf(path)) {
        signal?.throwIfAborted()
        if (number++ >= from) yield toSample(line, String(number), read)
      }
    },
  }
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const stream = createReadStream(path, 'utf8')
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) if (line.trim() !== '') yield line
  } finally {
    stream.destroy()
  }
}

/** How many lines there are, and the words that are labels, in the order of the alphabet; none where labels are numbers. */
async function survey(path: string): Promise<{ lines: number; words: string[] }> {
  let lines = 0
  const words = new Set<string>()
  for await (const line of linesOf(path)) {
    lines++
    const parsed = parseLine(line)
    const label = parsed && valueOf(parsed, LABEL_KEYS)
    if (typeof label === 'string' && words.size < 10_000) words.add(label)
  }
  return { lines, words: [...words].some((word) => !/^\d+$/.test(word)) ? [...words].toSorted() : [] }
}

function parseLine(line: string): z.infer<typeof Line> | null {
  try {
    const parsed = Line.safeParse(JSON.parse(line))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

function valueOf(line: z.infer<typeof Line>, keys: readonly string[]): unknown {
  const key = keys.find((one) => line[one] !== undefined && line[one] !== null)
  return key === undefined ? undefined : line[key]
}

interface ReadOptions extends OpenDataOptions {
  readonly card: TextPreprocessing
  readonly tokenizer: LoadedTokenizer
  readonly classNames: readonly string[] | null
  readonly dataType: 'int64' | 'int32'
}

/** Samples are named by their line, counted from 1. */
function toSample(line: string, name: string, { card, tokenizer, classNames, dataType, labels }: ReadOptions): EvaluationSample {
  const parsed = parseLine(line)
  if (!parsed) return { name, problem: 'is no JSON object' }
  const text = valueOf(parsed, TEXT_KEYS)
  if (typeof text !== 'string') return { name, problem: `has no text (looked for ${TEXT_KEYS.slice(0, 4).join(', ')}, …)` }
  const pair = valueOf(parsed, PAIR_KEYS)
  const read = readLabel(rawLabel(valueOf(parsed, LABEL_KEYS)), { kind: labels, classNames })
  if ('problem' in read) return { name, problem: read.problem }
  return { name, feeds: tokenFeeds(tokenizer, card, { text, pair: typeof pair === 'string' ? pair : null, dataType }), label: read.label }
}

function rawLabel(value: unknown): RawLabel | null {
  if (typeof value === 'string') return { kind: 'word', word: value }
  if (typeof value === 'number' || typeof value === 'boolean') return { kind: 'word', word: String(Number(value)) }
  if (Array.isArray(value) && value.every((one): one is number => typeof one === 'number')) return { kind: 'numbers', dims: [value.length], values: value, integers: false }
  return null
}
