import { AppError } from '#shared/errors'
import { crashError, startEngineProcess } from '../host/engine-process'
import { answerError } from './protocol'

/** Throws AppError `runtime-rejected` where onnxruntime does not load the model at `path`. */
export type LoadCheck = (path: string) => Promise<void>

/** Loads models in a short-lived process of the same program: what onnxruntime does to that one does not reach the documents. */
export function loadCheckOf(program: string): LoadCheck {
  return async (path) => {
    let answer: { ok: true } | { ok: false; error: AppError } | null = null
    const child = startEngineProcess({ node: process.execPath, args: [program] }, (message) => {
      if (message.type === 'end') answer = message.answer.ok ? { ok: true } : { ok: false, error: answerError(message.answer.error) }
    })
    child.send({ type: 'load', path })
    const exit = await child.exited
    // Set by the message handler, which the compiler does not follow.
    const ended = answer as { ok: true } | { ok: false; error: AppError } | null
    if (!ended) throw new AppError({ code: 'runtime-rejected', message: crashError(exit, 'loaded the model in onnxruntime').message })
    if (!ended.ok) throw ended.error
  }
}
