/** Trying models on an input of one's own: what a model is for, what it is given, what it answers. */
import { z } from 'zod'
import { ErrorPayload } from '../ipc/jobs'

const labels = z.array(z.string()).nullable().describe('Names of the classes in the order of the output; numbers where null.')

/** A number somebody sets by hand, as the model takes it. */
export const TryFeature = z.object({
  name: z.object({ en: z.string(), zh: z.string() }),
  min: z.number(),
  max: z.number(),
  step: z.number(),
  initial: z.number(),
  /** Written behind the number: %, s, d. */
  unit: z.string(),
  /** The model's value is the number shown divided by this. */
  divisor: z.number().default(1),
})
export type TryFeature = z.infer<typeof TryFeature>

/** What a model does, as far as trying it out must know. File names are relative to the model's folder. */
export const TryTask = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('classify-picture'), labels }),
  z.object({ kind: z.literal('edit-picture'), maxSide: z.number().int().positive() }),
  /** CTC scores; class 0 is the blank, class k the k-th character. */
  z.object({ kind: z.literal('read-picture'), alphabet: z.string() }),
  z.object({ kind: z.literal('understand-text'), tokenizer: z.string(), intents: z.array(z.string()), tags: z.array(z.string()), suggestions: z.array(z.string()) }),
  z.object({ kind: z.literal('translate-text'), tokenizer: z.string(), encoder: z.string(), decoder: z.string(), decoderWithPast: z.string(), maxTokens: z.number().int(), suggestions: z.array(z.string()) }),
  z.object({ kind: z.literal('classify-sound'), labels, sampleRate: z.number().int() }),
  z.object({ kind: z.literal('classify-gesture'), labels, points: z.number().int() }),
  z.object({
    kind: z.literal('score-features'),
    features: z.array(TryFeature),
    /** Rows to compare with, as the sliders show them. */
    rows: z.array(z.object({ name: z.object({ en: z.string(), zh: z.string() }), values: z.array(z.number()) })),
  }),
  /** Nothing is known but the tensors. */
  z.object({ kind: z.literal('tensors') }),
])
export type TryTask = z.infer<typeof TryTask>

const Point = z.tuple([z.number(), z.number()])

export const TryInput = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('file'), path: z.string() }),
  /** One of the evaluation samples that come with the model. */
  z.object({ kind: z.literal('example'), index: z.number().int().min(0) }),
  z.object({ kind: z.literal('text'), text: z.string().max(10_000) }),
  /** A sound of one channel, −1…1, at the task's rate: recorded, or decoded by the window. */
  z.object({ kind: z.literal('recording'), samples: z.array(z.number()).max(3_000_000) }),
  /** What was drawn, in any unit, x right and y down. */
  z.object({ kind: z.literal('strokes'), strokes: z.array(z.array(Point)) }),
  /** Rows of features, as the model takes them. */
  z.object({ kind: z.literal('rows'), rows: z.array(z.array(z.number())).min(1) }),
  z.object({ kind: z.literal('synthetic') }),
])
export type TryInput = z.infer<typeof TryInput>

const Picture = z.object({ width: z.number().int(), height: z.number().int(), url: z.string().describe('A PNG as a data: address.') })

/** What the model was really given. */
export const TryPreview = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('picture'), picture: Picture }),
  z.object({ kind: z.literal('sound'), seconds: z.number(), peaks: z.array(z.number()).describe('Largest magnitude, 0…1, of equal parts of the sound.') }),
  z.object({ kind: z.literal('text'), text: z.string(), tokens: z.array(z.string()) }),
  z.object({ kind: z.literal('strokes'), strokes: z.array(z.array(Point)) }),
  z.object({ kind: z.literal('rows'), rows: z.array(z.array(z.number())) }),
  z.object({ kind: z.literal('tensors'), description: z.string() }),
])
export type TryPreview = z.infer<typeof TryPreview>

const Ranked = z.array(z.object({ label: z.string(), share: z.number() }))

export const TryOutput = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('classes'), top: Ranked }),
  z.object({ kind: z.literal('intent'), top: Ranked, slots: z.array(z.object({ slot: z.string(), text: z.string() })) }),
  z.object({ kind: z.literal('picture'), picture: Picture }),
  z.object({ kind: z.literal('text'), text: z.string() }),
  z.object({ kind: z.literal('scores'), values: z.array(z.number()) }),
  z.object({
    kind: z.literal('tensors'),
    tensors: z.array(z.object({ name: z.string(), dtype: z.string(), dims: z.array(z.number()), min: z.number().nullable(), max: z.number().nullable(), mean: z.number().nullable(), first: z.array(z.string()) })),
  }),
])
export type TryOutput = z.infer<typeof TryOutput>

export const TryDescription = z.object({
  task: TryTask,
  /** How many samples of its own data there are to choose from. */
  examples: z.number().int(),
})
export type TryDescription = z.infer<typeof TryDescription>

export const TryAnswer = z.object({
  path: z.string(),
  output: TryOutput.nullable(),
  /** Why there is no output. */
  error: ErrorPayload.nullable(),
  /** Milliseconds over the runs, translation as a whole; models take turns. Null where it did not run. */
  latency: z.object({ p50Ms: z.number(), p10Ms: z.number(), p90Ms: z.number(), runs: z.number().int() }).nullable(),
  /** How far the outputs are from those of the first model: dB, null where equal or not comparable. */
  sqnrDb: z.number().nullable(),
  sameAsFirst: z.boolean(),
})
export type TryAnswer = z.infer<typeof TryAnswer>

export const TryResult = z.object({ preview: TryPreview, expected: z.string().nullable().describe('The label of an example.'), answers: z.array(TryAnswer), runtime: z.string() })
export type TryResult = z.infer<typeof TryResult>

/** `modelPath` is the model whose task and data count; `paths` those that run, it and its variants, the first being what others are compared with. */
export const TryRun = z.object({ modelPath: z.string(), paths: z.array(z.string()).min(1).max(8), input: TryInput, runs: z.number().int().min(1).max(100).default(7) })
export type TryRun = z.infer<typeof TryRun>

/** A tensor on its way to the window and back: raw little-endian bytes as base64. */
export const PortableTensor = z.object({ name: z.string(), dtype: z.enum(['float32', 'float64', 'int8', 'uint8', 'int32', 'int64', 'bool']), dims: z.array(z.number().int()), data: z.base64() })
export type PortableTensor = z.infer<typeof PortableTensor>

/** A model and its inputs for the runtime in the window. */
export const TryPortable = z.object({ model: z.base64(), feeds: z.array(PortableTensor) })
export type TryPortable = z.infer<typeof TryPortable>

/** Outputs of the runtime in the window, to be read as those of the task and compared with those of the model at `modelPath`. */
export const TryRead = z.object({ modelPath: z.string(), input: TryInput, outputs: z.array(PortableTensor) })
export type TryRead = z.infer<typeof TryRead>
export const TryReading = TryAnswer.pick({ sqnrDb: true, sameAsFirst: true }).extend({ output: TryOutput })
export type TryReading = z.infer<typeof TryReading>

/** What the process that keeps the models warm is asked. */
export const TryCall = z.discriminatedUnion('name', [
  z.object({ name: z.literal('describe'), params: z.object({ modelPath: z.string() }) }),
  z.object({ name: z.literal('run'), params: TryRun }),
  z.object({ name: z.literal('portable'), params: z.object({ modelPath: z.string(), path: z.string(), input: TryInput }) }),
  z.object({ name: z.literal('read'), params: TryRead }),
])
export type TryCall = z.infer<typeof TryCall>
