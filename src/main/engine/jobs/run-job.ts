import { type JobKind, type JobParams, type JobResult, jobKinds } from '#shared/ipc/jobs'
import { compare } from './compare'
import { deploy } from './deploy'
import { distribution } from './distribution'
import { evaluate } from './evaluate'
import { layerError } from './layer-error'
import { limits } from './limits'
import type { JobContext } from './job-context'
import { optimize } from './optimize'
import { ortGraph } from './ort-graph'
import { preview } from './preview'
import { profile } from './profile'
import { pruneCurves } from './prune-curves'
import { sensitivity } from './sensitivity'

type Jobs = { readonly [K in JobKind]: (params: JobParams<K>, context: JobContext) => Promise<JobResult<K>> }

const jobs: Jobs = { optimize, profile, deploy, compare, sensitivity, preview, 'ort-graph': ortGraph, distribution, evaluate, 'layer-error': layerError, limits, 'prune-curves': pruneCurves }

/** Runs one job in this process; its parameters are parsed by its entry in the contract. Throws AppError. */
export async function runJob(kind: JobKind, params: unknown, context: JobContext): Promise<JobResult<JobKind>> {
  // The parameters come from the entry of the same kind as the function's.
  const run = jobs[kind] as (params: unknown, context: JobContext) => Promise<JobResult<JobKind>>
  return run(jobKinds[kind].params.parse(params), context)
}
