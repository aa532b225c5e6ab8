import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Sample } from '#shared/ipc/contract'

const Manifest = z.array(z.object({ id: z.string(), name: z.string(), model: z.string(), calibration: z.string().nullable(), description: z.string() }))

/** The models that come with the studio; the first one opens where none is named. */
export function listSamples(appRoot: string): z.infer<typeof Sample>[] {
  const folder = join(appRoot, 'resources', 'samples')
  return Manifest.parse(JSON.parse(readFileSync(join(folder, 'samples.json'), 'utf8'))).map((sample) => {
    const path = join(folder, sample.model)
    return {
      id: sample.id,
      name: sample.name,
      path,
      calibrationPath: sample.calibration === null ? null : join(folder, sample.calibration),
      description: sample.description,
      sizeBytes: statSync(path).size,
    }
  })
}
