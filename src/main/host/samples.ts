import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Sample, type SampleEntry, SampleManifest } from '#shared/samples/sample'

/** The entries of the manifest and the folder their paths are relative to. */
export function readSampleManifest(appRoot: string): { folder: string; entries: readonly SampleEntry[] } {
  const folder = join(appRoot, 'resources', 'samples')
  return { folder, entries: SampleManifest.parse(JSON.parse(readFileSync(join(folder, 'samples.json'), 'utf8'))) }
}

/** The models that come with the studio; the first one opens where none is named. */
export function listSamples(appRoot: string): Sample[] {
  const { folder, entries } = readSampleManifest(appRoot)
  return entries.map(({ model, calibration, evaluation, preprocessing: _card, try: _task, ...described }) => {
    const path = join(folder, model)
    return {
      ...described,
      path,
      calibrationPath: calibration === null ? null : join(folder, calibration),
      evaluationPath: evaluation === null ? null : join(folder, evaluation),
      sizeBytes: statSync(path).size,
    }
  })
}
