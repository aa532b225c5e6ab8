import type { OptimizeReport } from '#shared/ipc/jobs'

/** Of the notification that this result is ready. */
export function noticeId({ result }: OptimizeReport): string {
  return `optimized-${result.sha256}`
}
