import type { DoctorCheck } from '#shared/device'
import { toErrorData } from '#shared/errors'

/** A check that is not yet said to be of one phone. */
export type Step = Omit<DoctorCheck, 'serial'>
export type Note = (step: Step) => void

/** Null where it failed, and a check that says why. */
export async function attempt<T>(check: Step['check'], note: Note, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    const { message, hint } = toErrorData(error)
    note({ check, status: 'failed', message, hint: hint ?? null })
    return null
  }
}
