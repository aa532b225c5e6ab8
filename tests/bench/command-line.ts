/** Running the built command line as a whole process, and watching what it and its children take. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchContext } from './bench'

export interface CommandResult {
  readonly stdout: string
  readonly wallMs: number
  /** Null off Linux. */
  readonly resources: Resources | null
}

/** What a process and all below it took. */
export interface Resources {
  /** Highest resident size of the process that had most. */
  readonly largestBytes: number
  /** The highest sizes of all processes, added up. */
  readonly allBytes: number
  readonly processorMs: number
}

/** Starts `edgefit …` as built, with a home of its own. */
export function startCommandLine(args: readonly string[], { repository, scratch }: BenchContext): ChildProcess {
  const entry = join(repository, 'out/main/cli.js')
  if (!existsSync(entry)) throw new Error('The command line is not built: run npm run build first.')
  return spawn(process.execPath, [entry, ...args], { env: { ...process.env, EDGEFIT_HOME: join(scratch, 'home') }, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Runs `edgefit …` to its end. Throws where it fails, with what it said. */
export async function runCommandLine(args: readonly string[], context: BenchContext): Promise<CommandResult> {
  const started = performance.now()
  const child = startCommandLine(args, context)
  const watch = child.pid !== undefined && process.platform === 'linux' ? new ResourceWatch(child.pid) : null
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)]
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('exit', resolve))
  const wallMs = performance.now() - started
  const resources = watch?.stop() ?? null
  const said = await stderr
  if (code !== 0) throw new Error(`edgefit ${args[0] ?? ''} ended with code ${code}: ${said.trim()}`)
  return { stdout: await stdout, wallMs, resources }
}

async function text(stream: NodeJS.ReadableStream | null): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream ?? []) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

const POLL_MS = 5
/** USER_HZ, in which /proc tells processor time: 100 on every Linux that Node runs on. */
const TICK_MS = 10

/** The system keeps each process's peak (VmHWM) and time; looking often only risks losing the last few ms of a process. */
class ResourceWatch {
  readonly #seen = new Map<number, { bytes: number; ticks: number }>()
  readonly #timer: NodeJS.Timeout

  constructor(root: number) {
    this.#timer = setInterval(() => this.#look(root), POLL_MS)
  }

  stop(): Resources {
    clearInterval(this.#timer)
    const seen = [...this.#seen.values()]
    const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
    const sizes = seen.map(({ bytes }) => bytes)
    return { largestBytes: Math.max(0, ...sizes), allBytes: sum(sizes), processorMs: sum(seen.map(({ ticks }) => ticks)) * TICK_MS }
  }

  #look(pid: number): void {
    try {
      const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      // The fields after the command's name, which is in brackets: 14 and 15 of the line are user and system time (proc_pid_stat(5)).
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
      if (kilobytes !== undefined) this.#seen.set(pid, { bytes: Number(kilobytes) * 1024, ticks: Number(fields[11]) + Number(fields[12]) })
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        for (const child of readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ')) if (child !== '') this.#look(Number(child))
      }
    } catch (error) {
      // It ended between two looks; what was seen last stands.
      if (!(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))) throw error
    }
  }
}
