/** What a model says, read from its outputs: scores, masks, boxes, text. */
import { AppError } from '#shared/errors'
import { argMax } from '#shared/evaluation/classification'
import { boxIou, type ScoredBox } from '#shared/evaluation/detection'
import { dataTypeName } from '#shared/onnx/data-type'
import { numbersFromBytes } from '#shared/onnx/tensor-data'
import type { TensorValue } from '../model-runner'

export interface Numbers {
  readonly dims: readonly number[]
  readonly values: ArrayLike<number>
}

type Outputs = ReadonlyMap<string, TensorValue>

/** Overlapping boxes of one class are one object above this. */
const SAME_OBJECT_IOU = 0.65
const LEAST_SCORE = 0.001

/** The first output that holds numbers. Throws AppError `not-supported` where none does. */
export function numbersOf(outputs: Outputs): Numbers {
  for (const value of outputs.values()) {
    const numbers = toNumbers(value)
    if (numbers) return numbers
  }
  throw new AppError({ code: 'not-supported', message: 'No output of the model is a tensor of numbers.' })
}

function toNumbers(value: TensorValue): Numbers | null {
  const type = dataTypeName(value.dataType)
  if (value.strings || type === null) return null
  const numbers = numbersFromBytes(type, value.bytes, value.dims.reduce((product, dim) => product * dim, 1))
  return { dims: value.dims, values: numbers instanceof BigInt64Array || numbers instanceof BigUint64Array ? Float64Array.from(numbers, Number) : numbers }
}

/** Class of each pixel: from an output of classes, or of scores for each class (NCHW or NHWC), brought to the label's size by nearest pixels. */
export function readMask(outputs: Outputs, { width, height }: { width: number; height: number }): Int32Array {
  const { dims, values } = numbersOf(outputs)
  const shape = dims.filter((dim, at) => !(at === 0 && dim === 1 && dims.length > 2))
  const mask = new Int32Array(width * height)
  const [a = 1, b = 1, c = 1] = shape.length === 2 ? [1, ...shape] : shape.slice(-3)
  const channelsLast = shape.length === 3 && c < a && c < b && c * 4 <= a
  const [channels, rows, columns] = channelsLast ? [c, a, b] : [a, b, c]
  const scores = new Float64Array(channels)
  for (let y = 0; y < height; y++) {
    const row = Math.min(rows - 1, Math.floor(((y + 0.5) * rows) / height))
    for (let x = 0; x < width; x++) {
      const pixel = row * columns + Math.min(columns - 1, Math.floor(((x + 0.5) * columns) / width))
      if (channels === 1) {
        const value = Number(values[pixel])
        // One channel is the class itself, or how sure the model is of class 1.
        mask[y * width + x] = Number.isInteger(value) ? value : value >= 0.5 ? 1 : 0
        continue
      }
      for (let channel = 0; channel < channels; channel++) scores[channel] = Number(values[channelsLast ? pixel * channels + channel : channel * rows * columns + pixel])
      mask[y * width + x] = argMax(scores)
    }
  }
  return mask
}

/**
 * Detections, from one of the usual forms: outputs of boxes, scores and classes (told by their shapes, as torchvision and ONNX's
 * NonMaxSuppression heads give them); rows `x1 y1 x2 y2 score class`; or YOLO's `[4 + classes, n]` with centres and sizes, of which
 * overlapping ones are taken out.
 */
export function readBoxes(outputs: Outputs): ScoredBox[] {
  const all = [...outputs].flatMap(([name, value]) => {
    const numbers = toNumbers(value)
    return numbers ? [{ name, ...numbers }] : []
  })
  const boxes = all.find(({ dims }) => dims.at(-1) === 4)
  const perBox = boxes ? all.filter((output) => output !== boxes && output.values.length === boxes.values.length / 4) : []
  if (boxes && perBox.length >= 2) return separateOutputs(boxes.values, perBox)
  const rows = all.find(({ dims }) => dims.at(-1) === 6)
  if (rows) return rowsOfSix(rows.values)
  const yolo = all.find(({ dims }) => dims.length === 3 && dims[0] === 1 && (dims[1] ?? 0) > 4 && (dims[2] ?? 0) > 4)
  if (yolo) return suppress(yoloBoxes(yolo))
  throw new AppError({
    code: 'not-supported',
    message: `The outputs (${all.map(({ name, dims }) => `${name} [${dims.join(', ')}]`).join(', ')}) are in no known form of detections.`,
    hint: 'Known are: boxes, scores and classes; rows of x1 y1 x2 y2 score class; and YOLO heads of 4 + classes.',
  })
}

function separateOutputs(boxes: ArrayLike<number>, [first, second]: readonly { name: string; values: ArrayLike<number> }[]): ScoredBox[] {
  if (!first || !second) throw new Error('internal: two outputs were to be there')
  const isScore = ({ name, values }: { name: string; values: ArrayLike<number> }) => /score|conf|prob/i.test(name) || Array.from(values).some((value) => !Number.isInteger(value))
  const [scores, classes] = isScore(first) ? [first, second] : [second, first]
  return Array.from({ length: boxes.length / 4 }, (_, at) => toBox(boxes, 4 * at, { score: Number(scores.values[at]), classIndex: Number(classes.values[at]) })).filter(({ score }) => score > LEAST_SCORE)
}

function rowsOfSix(values: ArrayLike<number>): ScoredBox[] {
  return Array.from({ length: values.length / 6 }, (_, at) => toBox(values, 6 * at, { score: Number(values[6 * at + 4]), classIndex: Math.round(Number(values[6 * at + 5])) })).filter(({ score }) => score > LEAST_SCORE)
}

function toBox(values: ArrayLike<number>, at: number, { score, classIndex }: { score: number; classIndex: number }): ScoredBox {
  return { x1: Number(values[at]), y1: Number(values[at + 1]), x2: Number(values[at + 2]), y2: Number(values[at + 3]), score, classIndex }
}

function yoloBoxes({ dims, values }: Numbers): ScoredBox[] {
  const [, a = 0, b = 0] = dims
  // Attributes are the shorter side: 84 of 8400.
  const [attributes, count, stride] = a <= b ? [a, b, (attribute: number, box: number) => attribute * b + box] : [b, a, (attribute: number, box: number) => box * b + attribute]
  const boxes: ScoredBox[] = []
  for (let box = 0; box < count; box++) {
    const value = (attribute: number) => Number(values[stride(attribute, box)])
    let classIndex = 0
    for (let at = 1; at < attributes - 4; at++) if (value(4 + at) > value(4 + classIndex)) classIndex = at
    const score = value(4 + classIndex)
    if (!(score > LEAST_SCORE)) continue
    const [x, y, width, height] = [value(0), value(1), value(2), value(3)]
    boxes.push({ x1: x - width / 2, y1: y - height / 2, x2: x + width / 2, y2: y + height / 2, score, classIndex })
  }
  return boxes
}

/** Greedy non-maximum suppression within each class. */
function suppress(boxes: readonly ScoredBox[]): ScoredBox[] {
  const kept: ScoredBox[] = []
  for (const box of boxes.toSorted((a, b) => b.score - a.score).slice(0, 3000)) {
    if (kept.every((other) => other.classIndex !== box.classIndex || boxIou(other, box) <= SAME_OBJECT_IOU)) kept.push(box)
  }
  return kept
}

/** Text the model gives itself, or CTC scores `[…, steps, classes]` read greedily: repeats become one, class 0 is the blank. */
export function readText(outputs: Outputs, alphabet: readonly string[] | null): string {
  for (const { strings } of outputs.values()) if (strings) return strings.join(' ')
  const { dims, values } = numbersOf(outputs)
  if (!alphabet) {
    throw new AppError({ code: 'not-supported', message: 'What the classes of this recognizer stand for is not known.', hint: 'Put a file alphabet.txt beside the model or the data, one character a line; class 0 is the blank.' })
  }
  const classes = dims.at(-1) ?? 1
  let text = ''
  let last = 0
  for (let at = 0; at + classes <= values.length; at += classes) {
    const best = argMax(Array.prototype.slice.call(values, at, at + classes) as number[])
    if (best !== last && best !== 0) text += alphabet[best - 1] ?? ''
    last = best
  }
  return text
}
