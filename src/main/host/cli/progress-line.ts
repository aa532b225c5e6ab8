import type { WriteStream } from 'node:tty'

export interface ProgressLine {
  show(text: string): void
  clear(): void
}

/** One line that rewrites itself; nothing at all where stderr is no terminal, so that logs stay clean. */
export function createProgressLine(stream: WriteStream): ProgressLine {
  if (!stream.isTTY) return { show: () => undefined, clear: () => undefined }
  return {
    show(text) {
      stream.write(`\r\u001b[2K${text.slice(0, Math.max(10, stream.columns - 1))}`)
    },
    clear() {
      stream.write('\r\u001b[2K')
    },
  }
}
