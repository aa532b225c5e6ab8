/** One phone over adb: command lines, files in, files out. Everything that can hang has a deadline. */
import type { Adb } from '@yume-chan/adb'
import type { AdbSettings } from '#shared/device'
import { AppError } from '#shared/errors'
import { openAdbServer } from './adb-server'
import { listDevices } from './list-devices'
import { pushFile } from './push-file'
import { withDeadline } from './with-deadline'

const COMMAND_MS = 9000
/** Short: it is also done where the phone has just gone away. */
const TUNNEL_CLOSE_MS = 1500
/** So long without a byte taken, and the phone is given up. */
const STALL_MS = 8000

export interface CommandResult {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

export interface FollowOptions {
  readonly onLine: (line: string) => void
  readonly signal: AbortSignal
  /** So long without a line, and the program is given up. */
  readonly stallMs: number
}

export interface PushOptions {
  readonly mode: number
  readonly signal?: AbortSignal | undefined
  /** Called with each piece that went out. */
  readonly onBytes?: (bytes: number) => void
}

export interface Phone {
  readonly serial: string
  /** Runs one line of the phone's sh; words in it come from `quoteShell`. A failing command is a result, not an error. */
  run(commandLine: string, deadlineMs?: number): Promise<CommandResult>
  /** As `run`, telling of each line of stdout as it comes; aborting or a stall closes the connection, which ends an `exec`ed program. */
  follow(commandLine: string, options: FollowOptions): Promise<CommandResult>
  /**
   * Writes a local file, or bytes, to `path`, and returns the SHA-256 of what was sent. A push that fails may leave part of
   * the file. Throws AppError disk-full, device-lost.
   */
  push(source: string | Uint8Array, path: string, options: PushOptions): Promise<string>
  pull(path: string, signal?: AbortSignal): Promise<Uint8Array>
  /** Makes a port of this computer's loopback reachable on the phone's. Returns its number there. */
  openTunnel(localPort: number): Promise<number>
  closeTunnel(phonePort: number): Promise<void>
  close(): Promise<void>
}

/** Throws AppError not-found (adb or the phone), or device-lost where the phone is not ready, with what to do. */
export async function openPhone(serial: string, settings: AdbSettings): Promise<Phone> {
  const { client } = await openAdbServer(settings)
  const entry = (await listDevices(client)).find((device) => device.serial === serial)
  if (!entry) throw new AppError({ code: 'not-found', message: `No phone with the serial '${serial}' is connected.`, hint: 'List the phones with `edgefit devices`.' })
  if (entry.state !== 'ready') throw new AppError({ code: 'device-lost', message: `The phone '${serial}' cannot be used: ${entry.state}.`, ...(entry.hint !== null && { hint: entry.hint }) })
  const opening = client.createAdb({ serial })
  const adb = await explained(serial, withDeadline(opening, COMMAND_MS, `The phone '${serial}' does not answer.`)).catch((error: unknown) => {
    // One that answers too late is let go of.
    void opening.then((late) => late.close()).catch(() => undefined)
    throw error
  })
  if (!adb.subprocess.shellProtocol?.isSupported) {
    await adb.close()
    throw new AppError({ code: 'not-supported', message: `The phone '${serial}' has an adb without exit codes (Android 6 or older).`, hint: 'Use a phone with Android 7 or later.' })
  }
  return connectedPhone(serial, adb)
}

function connectedPhone(serial: string, adb: Adb): Phone {
  const gone = `The phone '${serial}' does not answer.`
  return {
    serial,
    async run(commandLine, deadlineMs = COMMAND_MS) {
      const stopping = new AbortController()
      try {
        return await explained(serial, withDeadline(collect(adb, commandLine, { signal: stopping.signal }), deadlineMs, gone))
      } finally {
        stopping.abort(new Error('internal: the command is over'))
      }
    },
    async follow(commandLine, { onLine, signal, stallMs }) {
      const watch = createStallWatch(stallMs, `The program on the phone '${serial}' has not been heard of for ${String(stallMs / 1000)} s.`, signal)
      const lines = createLineReader((line) => {
        watch.alive()
        onLine(line)
      })
      try {
        return await explained(serial, Promise.race([collect(adb, commandLine, { signal: watch.signal, onText: lines }), watch.stalled]))
      } finally {
        watch.stop()
      }
    },
    async push(source, path, { mode, signal, onBytes }) {
      const watch = createStallWatch(STALL_MS, `The phone '${serial}' stopped taking data.`, signal)
      try {
        const alive = (bytes: number) => {
          watch.alive()
          onBytes?.(bytes)
        }
        return await explained(serial, Promise.race([pushFile(adb, { source, path, mode }, { signal: watch.signal, onBytes: alive }), watch.stalled]))
      } finally {
        watch.stop()
      }
    },
    async pull(path, signal) {
      const watch = createStallWatch(STALL_MS, `The phone '${serial}' stopped sending data.`, signal)
      try {
        return await explained(serial, Promise.race([pullWatched(adb, path, () => watch.alive()), watch.stalled]))
      } finally {
        watch.stop()
      }
    },
    async openTunnel(localPort) {
      // Port 0: the phone chooses one that is free and says which.
      const opened = await explained(serial, withDeadline(adb.reverse.addExternal('tcp:0', `tcp:${String(localPort)}`), COMMAND_MS, gone))
      return Number(opened.slice('tcp:'.length))
    },
    closeTunnel: (phonePort) => explained(serial, withDeadline(adb.reverse.remove(`tcp:${String(phonePort)}`), TUNNEL_CLOSE_MS, gone)),
    close: async () => void (await withDeadline(Promise.resolve(adb.close()), COMMAND_MS, gone).catch(() => undefined)),
  }
}

async function collect(adb: Adb, commandLine: string, { signal, onText }: { signal: AbortSignal; onText?: (text: string) => void }): Promise<CommandResult> {
  const service = adb.subprocess.shellProtocol
  if (!service) throw new Error('internal: the phone was opened without shell v2')
  const process = await service.spawn([commandLine], signal)
  const end = () => void Promise.resolve(process.kill()).catch(() => undefined)
  signal.addEventListener('abort', end, { once: true })
  try {
    const [stdout, stderr, exitCode] = await Promise.all([readText(process.stdout, onText), readText(process.stderr), process.exited])
    signal.throwIfAborted()
    return { stdout, stderr, exitCode }
  } finally {
    signal.removeEventListener('abort', end)
  }
}

async function readText(stream: AsyncIterable<Uint8Array>, onText?: (text: string) => void): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of stream) {
    const piece = decoder.decode(chunk, { stream: true })
    text += piece
    onText?.(piece)
  }
  return text
}

function createLineReader(onLine: (line: string) => void): (text: string) => void {
  let rest = ''
  return (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  }
}

/** Rejects `stalled` when `outer` is aborted, or `alive` has not been called for `ms`; its own signal tells the work. */
function createStallWatch(ms: number, message: string, outer: AbortSignal | undefined) {
  const stopping = new AbortController()
  let fail = (_: unknown) => undefined as void
  const stalled = new Promise<never>((_, reject) => (fail = reject))
  stalled.catch(() => undefined)
  const give = (reason: unknown) => {
    fail(reason)
    stopping.abort(reason)
  }
  const onAbort = () => give(outer?.reason)
  const timer = setTimeout(() => give(new AppError({ code: 'device-lost', message, hint: 'Check the cable or the network and that the phone is awake, then try again.' })), ms)
  outer?.addEventListener('abort', onAbort)
  if (outer?.aborted) onAbort()
  return {
    signal: stopping.signal,
    stalled,
    alive: () => void timer.refresh(),
    stop() {
      clearTimeout(timer)
      outer?.removeEventListener('abort', onAbort)
    },
  }
}

async function pullWatched(adb: Adb, path: string, onChunk: () => void): Promise<Uint8Array> {
  const sync = await adb.sync()
  try {
    const chunks: Uint8Array[] = []
    for await (const chunk of sync.read(path)) {
      chunks.push(chunk)
      onChunk()
    }
    return Buffer.concat(chunks)
  } finally {
    void sync.dispose().catch(() => undefined)
  }
}

/** What the libraries and the phone throw, in our words. */
async function explained<T>(serial: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof AppError || (error instanceof Error && (error.name === 'AbortError' || error.message.startsWith('internal:')))) throw error
    const message = error instanceof Error ? error.message : String(error)
    if (/no space left/i.test(message)) throw new AppError({ code: 'disk-full', message: `There is no room left on the phone '${serial}'.`, hint: 'Free some storage on the phone.' }, { cause: error })
    // How adb's server ends what it served a phone that is gone.
    const isCut = /socket ended|socket (was )?closed|ECONNRESET|EPIPE/i.test(message)
    throw new AppError(
      {
        code: 'device-lost',
        message: isCut ? `The phone '${serial}' was unplugged, or the connection to it broke off.` : `The connection to the phone '${serial}' failed: ${message}`,
        hint: 'Check the cable or the network and that the phone is awake, then try again.',
      },
      { cause: error },
    )
  }
}
