/** Translating with an encoder, a decoder for the first token, and a decoder that goes on from its keys and values. */
import { AppError } from '#shared/errors'
import { argMax } from '#shared/evaluation/classification'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Feeds, RunningModel, TensorValue } from '../../runtime/model-runner'
import { numbersOf } from '../../runtime/evaluation/read-prediction'
import { idTensor, joinPieces, openTokenizer } from './tokens'

export interface Translator {
  readonly encoder: RunningModel
  readonly decoder: RunningModel
  readonly decoderWithPast: RunningModel
}

export interface TranslateOptions {
  readonly tokenizer: string
  readonly maxTokens: number
  readonly start: number
  readonly end: number
}

/** Greedy: the most likely token each time, until the end token or `maxTokens`. */
export async function translate(models: Translator, feeds: Feeds, { tokenizer, maxTokens, start, end }: TranslateOptions): Promise<string> {
  const mask = feeds.get('attention_mask')
  const hidden = (await models.encoder.run(feeds)).get('encoder_hidden')
  if (!mask || !hidden) throw new AppError({ code: 'not-supported', message: "The encoder must take 'attention_mask' and give 'encoder_hidden'." })
  const ids: number[] = []
  let outputs = await models.decoder.run(new Map([['input_ids', idTensor([start])], ['encoder_hidden', hidden], ['encoder_mask', mask]]))
  const past = new Map<string, TensorValue>()
  while (ids.length < maxTokens) {
    const next = nextToken(outputs)
    if (next === end) break
    ids.push(next)
    // What the decoder with past does not give back (keys and values of the source) stays as the first run gave it.
    for (const [name, value] of outputs) if (name.startsWith('present.')) past.set(name.replace('present.', 'past.'), value)
    outputs = await models.decoderWithPast.run(new Map([...past, ['input_ids', idTensor([next])], ['encoder_mask', mask]]))
  }
  const known = openTokenizer(tokenizer)
  return joinPieces(ids.map((id) => known.id_to_token(id) ?? ''))
}

function nextToken(outputs: ReadonlyMap<string, TensorValue>): number {
  const logits = outputs.get('logits')
  if (logits?.dataType !== DATA_TYPES.float32.code) throw new AppError({ code: 'not-supported', message: "The decoder must give 'logits' as float32." })
  return argMax(numbersOf(new Map([['logits', logits]])).values)
}
