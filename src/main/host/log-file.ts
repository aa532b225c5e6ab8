import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

const MAX_BYTES = 1024 * 1024

export type LogLevel = 'info' | 'warning' | 'error'

export interface Log {
  write(level: LogLevel, message: string): void
}

/**
 * A log that survives a crash: each line is in the file when the call returns. At 1 MB the file becomes `<path>.old`.
 * Where it cannot be written (full disk), the line goes to stderr instead: a log must not stop the work it tells of.
 */
export function openLog(path: string): Log {
  const write = (level: LogLevel, message: string) => {
    const line = `${new Date().toISOString()} ${String(process.pid)} ${level} ${message.replaceAll('\n', '\n    ')}\n`
    try {
      mkdirSync(dirname(path), { recursive: true })
      if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_BYTES) renameSync(path, `${path}.old`)
      appendFileSync(path, line, { mode: 0o600 })
    } catch (error) {
      process.stderr.write(`${line}(the log ${path} cannot be written: ${(error as Error).message})\n`)
    }
  }
  return { write }
}
