import { AppError } from '#shared/errors'

/**
 * Waits for `work` at most `ms`. Throws AppError device-lost with `message` when the time is over; the work itself must
 * be ended by the caller, who knows how.
 */
export async function withDeadline<T>(work: Promise<T>, ms: number, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AppError({ code: 'device-lost', message, hint: 'Check the cable or the network, then try again.' })), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    // Heard of by nobody once the time is over.
    work.catch(() => undefined)
  }
}
