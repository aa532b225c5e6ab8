/** The models that come with the studio: what each is for, its data, what it is measured to reach. */
import { z } from 'zod'
import { MetricName } from '../evaluation/metric'
import { Preprocessing } from '../evaluation/preprocessing'
import { TryTask } from './try'

export const Localized = z.object({ en: z.string(), zh: z.string() })
export type Localized = z.infer<typeof Localized>

export const scenarios = ['image-recognition', 'voice-assistant', 'keyword', 'image-editing', 'text-in-image', 'translation', 'gesture', 'behaviour'] as const
export const Scenario = z.enum(scenarios)
export type Scenario = z.infer<typeof Scenario>

const described = {
  id: z.string(),
  scenario: Scenario,
  title: Localized,
  description: Localized,
  /** What `edgefit evaluate` prints on the evaluation data, with exact integers. Null where the model alone has no measure. */
  metric: MetricName.nullable(),
  accuracy: z.number().nullable().describe('Of the float model: a share 0…1, dB, or what the metric is in.'),
  int8: z.object({ recipe: z.string().describe('A built-in recipe, or a file in the samples folder.'), accuracy: z.number().nullable(), sizeBytes: z.number() }).nullable(),
  /** What the scenario allows for one answer and for the file. */
  budget: z.object({ latencyMs: z.number().nullable(), sizeBytes: z.number().nullable() }),
}

/** An entry of `resources/samples/samples.json`; paths are relative to its folder. */
export const SampleEntry = z.object({
  ...described,
  model: z.string(),
  calibration: z.string().nullable(),
  evaluation: z.string().nullable(),
  preprocessing: Preprocessing.nullable(),
  try: TryTask,
})
export type SampleEntry = z.infer<typeof SampleEntry>

export const SampleManifest = z.array(SampleEntry)

/** A sample as the window is told of it, with absolute paths. */
export const Sample = z.object({ ...described, path: z.string(), calibrationPath: z.string().nullable(), evaluationPath: z.string().nullable(), sizeBytes: z.number() })
export type Sample = z.infer<typeof Sample>
