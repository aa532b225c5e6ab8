/** What the shell and an engine process say to each other over the IPC channel. Both sides parse what they receive. */
import { z } from 'zod'
import { AppError, type ErrorCode } from '#shared/errors'
import { Answer, type RequestName, requests } from '#shared/ipc/contract'
import { type ErrorPayload, jobKindNames, JobProgress } from '#shared/ipc/jobs'
import { TryCall } from '#shared/samples/try'

export type EngineRequestName = { [N in RequestName]: (typeof requests)[N]['on'] extends 'engine' ? N : never }[RequestName]
export type ShellRequestName = Exclude<RequestName, EngineRequestName>

export function isEngineRequest(name: RequestName): name is EngineRequestName {
  return requests[name].on === 'engine'
}

const engineRequestNames = (Object.keys(requests) as RequestName[]).filter(isEngineRequest)

export const ToEngine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('request'), id: z.number(), name: z.enum(engineRequestNames), params: z.unknown() }),
  /** After a restart: opens `path` again under the name the window knows it by. */
  z.object({ type: z.literal('reopen'), id: z.number(), documentId: z.string(), path: z.string() }),
  /** Writes the model at `from` to `to`, its external data included, with these entries of metadata, atomically. Answers with its size. */
  z.object({ type: z.literal('copy'), id: z.number(), from: z.string(), to: z.string(), metadata: z.record(z.string(), z.string()).default({}) }),
  /** Answers with the model's hash (`hashModelFile`). */
  z.object({ type: z.literal('hash'), id: z.number(), path: z.string() }),
  /** The one job of a job process. It ends with `end`. */
  z.object({ type: z.literal('job'), kind: z.enum(jobKindNames), params: z.unknown(), scratchFolder: z.string() }),
  /** Asks about trying models; the process keeps them loaded until it is ended. */
  z.object({ type: z.literal('try'), id: z.number(), call: TryCall, scratchFolder: z.string() }),
  /** Loads the model at `path` in onnxruntime and forgets it. The process does nothing else and ends with `end`. */
  z.object({ type: z.literal('load'), path: z.string() }),
  z.object({ type: z.literal('cancel') }),
])
export type ToEngine = z.infer<typeof ToEngine>

export const FromEngine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('answer'), id: z.number(), answer: Answer }),
  z.object({ type: z.literal('progress'), progress: JobProgress }),
  z.object({ type: z.literal('end'), answer: Answer }),
])
export type FromEngine = z.infer<typeof FromEngine>

/** The error of an answer, to be thrown on this side. Codes are ours on both ends. */
export function answerError(error: z.infer<typeof ErrorPayload>): AppError {
  return new AppError({ ...error, code: error.code as ErrorCode })
}
