/** Running the built command line as a whole process, and watching what it and its children take. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchContext } from './bench'

export interface CommandResult {
  readonly stdout: string
  readonly wallMs: number
  /** Highest resident size of the process that had most, and of all together (each at its own peak); null off Linux. */
  readonly peak: { readonly largestBytes: number; readonly allBytes: number } | null
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
  const memory = child.pid !== undefined && process.platform === 'linux' ? new PeakMemory(child.pid) : null
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)]
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('exit', resolve))
  const wallMs = performance.now() - started
  const peak = memory?.stop() ?? null
  const said = await stderr
  if (code !== 0) throw new Error(`edgefit ${args[0] ?? ''} ended with code ${code}: ${said.trim()}`)
  return { stdout: await stdout, wallMs, peak }
}

async function text(stream: NodeJS.ReadableStream | null): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream ?? []) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

const POLL_MS = 5

/** Peaks of a process and all below it. The system keeps each one's peak (VmHWM); reading it often only risks the last few ms. */
class PeakMemory {
  readonly #peaks = new Map<number, number>()
  readonly #timer: NodeJS.Timeout

  constructor(root: number) {
    this.#timer = setInterval(() => this.#look(root), POLL_MS)
  }

  stop(): { largestBytes: number; allBytes: number } {
    clearInterval(this.#timer)
    const peaks = [...this.#peaks.values()]
    return { largestBytes: Math.max(0, ...peaks), allBytes: peaks.reduce((sum, bytes) => sum + bytes, 0) }
  }

  #look(pid: number): void {
    try {
      const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      if (kilobytes !== undefined) this.#peaks.set(pid, Number(kilobytes) * 1024)
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        for (const child of readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ')) if (child !== '') this.#look(Number(child))
      }
    } catch (error) {
      // It ended between two looks; its last peak stands.
      if (!(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))) throw error
    }
  }
}
