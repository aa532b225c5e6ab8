/** What a model answers, by its task. */
import { dataTypeLabel } from '#shared/onnx/data-type'
import type { TryOutput, TryTask } from '#shared/samples/try'
import { argMax } from '#shared/evaluation/classification'
import { numbersOf, readText } from '../../runtime/evaluation/read-prediction'
import type { TensorValue } from '../../runtime/model-runner'
import { showPicture } from './picture'
import { imageCard, type ResolvedTask } from './resolve-task'
import { slotsOf } from './tokens'

type Outputs = ReadonlyMap<string, TensorValue>

const TOP = 5
const SHOWN_VALUES = 6

/** `tokens` are those of the text, the special ones included. Translation is not one run of one model; see `translate.ts`. */
export async function readOutput(outputs: Outputs, { task, card }: ResolvedTask, tokens: readonly string[]): Promise<TryOutput> {
  switch (task.kind) {
    case 'classify-picture':
    case 'classify-sound':
    case 'classify-gesture':
      return { kind: 'classes', top: rank(numbersOf(outputs).values, task.labels) }
    case 'edit-picture': {
      const { values, dims } = numbersOf(outputs)
      return { kind: 'picture', picture: await showPicture(values, dims, { ...imageCard(card), scale: 1 / 255, mean: [0], std: [1] }) }
    }
    case 'read-picture':
      return { kind: 'text', text: readText(outputs, [...task.alphabet]) }
    case 'understand-text':
      return understanding(outputs, task, tokens)
    case 'score-features':
      return { kind: 'scores', values: Array.from(numbersOf(outputs).values, Number) }
    case 'translate-text':
    case 'tensors':
      return { kind: 'tensors', tensors: [...outputs].map(([name, value]) => describeTensor(name, value)) }
  }
}

/** Shares by softmax, unless the scores are shares already. */
export function rank(scores: ArrayLike<number>, labels: readonly string[] | null): { label: string; share: number }[] {
  const values = Array.from(scores, Number)
  const shares = areShares(values) ? values : softmax(values)
  return shares
    .map((share, at) => ({ label: labels?.[at] ?? String(at), share }))
    .sort((a, b) => b.share - a.share)
    .slice(0, TOP)
}

function areShares(values: readonly number[]): boolean {
  const sum = values.reduce((a, b) => a + b, 0)
  return values.every((value) => value >= 0 && value <= 1) && Math.abs(sum - 1) < 0.01
}

function softmax(values: readonly number[]): number[] {
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity)
  const powers = values.map((value) => Math.exp(value - most))
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map((power) => power / sum)
}

function understanding(outputs: Outputs, task: Extract<TryTask, { kind: 'understand-text' }>, tokens: readonly string[]): TryOutput {
  const only = (name: string) => numbersOf(new Map([...outputs].filter(([own]) => own === name)))
  const slots = only('slots').values
  const width = task.tags.length
  // The first token is [CLS], the last [SEP].
  const words = tokens.slice(1, -1)
  const tags = words.map((_, at) => task.tags[argMax(Array.prototype.slice.call(slots, (at + 1) * width, (at + 2) * width) as number[])] ?? 'O')
  return { kind: 'intent', top: rank(only('intent').values, task.intents), slots: slotsOf(words, tags) }
}

function describeTensor(name: string, value: TensorValue): Extract<TryOutput, { kind: 'tensors' }>['tensors'][number] {
  const facts = { name, dtype: dataTypeLabel(value.dataType), dims: [...value.dims] }
  if (value.strings) return { ...facts, min: null, max: null, mean: null, first: value.strings.slice(0, SHOWN_VALUES) }
  const { values } = numbersOf(new Map([[name, value]]))
  let [min, max, sum] = [Infinity, -Infinity, 0]
  for (let at = 0; at < values.length; at++) {
    const number = Number(values[at])
    ;[min, max, sum] = [Math.min(min, number), Math.max(max, number), sum + number]
  }
  const first = Array.from({ length: Math.min(SHOWN_VALUES, values.length) }, (_, at) => Number(values[at]).toPrecision(4))
  return values.length === 0 ? { ...facts, min: null, max: null, mean: null, first } : { ...facts, min, max, mean: sum / values.length, first }
}
