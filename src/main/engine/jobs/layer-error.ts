import type { JobParams, JobResult } from '#shared/ipc/jobs'
import { measureLayerError } from '../../runtime/evaluation/layer-error'
import { createOrtRunner } from '../../runtime/ort-runner'
import type { JobContext } from './job-context'

export async function layerError({ modelPath, ...params }: JobParams<'layer-error'>, { scratchFolder, signal, progress }: JobContext): Promise<JobResult<'layer-error'>> {
  return measureLayerError({ ...params, variantPath: modelPath, runner: createOrtRunner({ scratchFolder }), signal, progress })
}
