import { type ChildProcess, spawn } from 'node:child_process'
import { AppError } from '#shared/errors'
import { FromEngine, type ToEngine } from '../engine/protocol'

/** How an engine process is started: the Node binary and its arguments (the engine's bundle last). */
export interface EngineCommand {
  readonly node: string
  readonly args: readonly string[]
  /** Variables that it gets besides ours. */
  readonly environment?: Readonly<Record<string, string>>
}

export interface EngineProcess {
  readonly pid: number
  send(message: ToEngine): void
  /** Resolves once the process is gone; `stopped` when we ended it. */
  readonly exited: Promise<EngineExit>
  /** Ends it at once and waits until it is gone. */
  kill(): Promise<void>
}

export interface EngineExit {
  readonly stopped: boolean
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The end of what it wrote to stderr. */
  readonly stderrTail: string
}

const TAIL_CHARACTERS = 4000

/** Variables that would turn a plain Node into something else, or load foreign code into it. */
const REMOVED_VARIABLES = ['ELECTRON_RUN_AS_NODE', 'NODE_OPTIONS', 'NODE_CHANNEL_FD', 'NODE_UNIQUE_ID', 'NODE_V8_COVERAGE', 'NODE_DEBUG']

export function engineEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !REMOVED_VARIABLES.includes(name))
  return { ...Object.fromEntries(kept), ORT_DISABLE_TELEMETRY: '1' }
}

export function startEngineProcess(command: EngineCommand, onMessage: (message: FromEngine) => void): EngineProcess {
  const child = spawn(command.node, command.args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Keeps NaN and infinities, which JSON would turn into null.
    serialization: 'advanced',
    env: { ...engineEnvironment(process.env), ...command.environment },
    windowsHide: true,
  })
  let stopped = false
  let tail = ''
  const keepTail = (chunk: Buffer) => {
    tail = (tail + chunk.toString('utf8')).slice(-TAIL_CHARACTERS)
  }
  child.stdout?.on('data', keepTail)
  child.stderr?.on('data', keepTail)
  child.on('message', (raw) => onMessage(FromEngine.parse(raw)))

  const exited = new Promise<EngineExit>((resolve) => {
    child.once('error', (error) => {
      keepTail(Buffer.from(error.message))
      // A process that never started has no 'close'.
      if (child.pid === undefined) resolve({ stopped, code: null, signal: null, stderrTail: tail })
    })
    // 'close', not 'exit': by then all it wrote has been read.
    child.once('close', (code, signal) => resolve({ stopped, code, signal, stderrTail: tail }))
  })

  return {
    pid: child.pid ?? -1,
    exited,
    send: (message) => sendTo(child, message),
    async kill() {
      stopped = true
      child.kill('SIGKILL')
      await exited
    },
  }
}

function sendTo(child: ChildProcess, message: ToEngine): void {
  // A child that has just died is told of by `exited`; the message is lost with it.
  if (child.connected) child.send(message, () => undefined)
}

/** Puts the end of an engine process that we did not end into words. `work` is what it was at, as in 'while it …'. */
export function crashError(exit: EngineExit, work: string): AppError {
  const heapFull = exit.stderrTail.includes('heap out of memory')
  const how = heapFull
    ? "JavaScript's memory was full"
    : exit.signal === 'SIGKILL'
      ? 'the system killed it (SIGKILL)'
      : exit.signal !== null
        ? `${signalWords[exit.signal] ?? 'it was stopped'} (${exit.signal})`
        : exit.code === null
          ? `it could not be started: ${exit.stderrTail}`
          : `it ended with code ${String(exit.code)}`
  return new AppError({
    code: 'engine-crashed',
    message: `The engine process stopped while it ${work}: ${how}.`,
    hint:
      heapFull || exit.signal === 'SIGKILL'
        ? 'Most often memory ran out: close other programs, use fewer or smaller samples, or try a smaller model.'
        : 'Try again. If it stops again on the same model, please report it with the log.',
    details: { exitCode: exit.code, signal: exit.signal, stderr: exit.stderrTail },
  })
}

const signalWords: Partial<Record<NodeJS.Signals, string>> = {
  SIGSEGV: 'native code touched memory it may not',
  SIGBUS: 'native code touched memory that is not there; a mapped file may have shrunk',
  SIGABRT: 'native code gave up',
  SIGTRAP: 'native code ran into a trap',
  SIGILL: 'native code used an instruction this processor lacks',
}
