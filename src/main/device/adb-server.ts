/** The adb server of the user: found where it runs, started where it does not. */
import { execFile } from 'node:child_process'
import { AdbServerClient } from '@yume-chan/adb'
import { AdbServerNodeTcpConnector } from '@yume-chan/adb-server-node-tcp'
import type { AdbSettings } from '#shared/device'
import { AppError } from '#shared/errors'
import { adbServerPort, findAdb } from './find-adb'
import { withDeadline } from './with-deadline'

const ANSWER_MS = 4000
const START_MS = 15_000

export interface AdbServer {
  readonly client: AdbServerClient
  readonly port: number
  /** Protocol version: 41 for `Android Debug Bridge version 1.0.41`. */
  readonly version: number
}

/** The running server, or null where nothing listens on its port. Throws AppError device-lost where what listens is not adb. */
export async function findAdbServer({ port: chosen }: AdbSettings): Promise<AdbServer | null> {
  const port = adbServerPort(chosen)
  const client = new AdbServerClient(new AdbServerNodeTcpConnector({ host: '127.0.0.1', port }))
  try {
    const version = await withDeadline(client.getVersion(), ANSWER_MS, `What listens on port ${String(port)} does not answer as an adb server.`)
    return { client, port, version }
  } catch (error) {
    if (isRefused(error)) return null
    if (error instanceof AppError) throw error
    throw new AppError(
      { code: 'device-lost', message: `What listens on port ${String(port)} does not speak adb's language: ${(error as Error).message}`, hint: 'Set another port for adb in the settings.' },
      { cause: error },
    )
  }
}

/** The running server, started where there is none. Throws AppError not-found where adb is missing, or device-lost. */
export async function openAdbServer(settings: AdbSettings): Promise<AdbServer> {
  const running = await findAdbServer(settings)
  if (running) return running
  await startServer(findAdb(settings.path), adbServerPort(settings.port))
  const started = await findAdbServer(settings)
  if (started) return started
  throw new AppError({ code: 'device-lost', message: 'The adb server ended as soon as it was started.', hint: 'Run `adb start-server` in a terminal to see why.' })
}

async function startServer(adb: string, port: number): Promise<void> {
  const { error, stderr } = await runAdb(adb, ['-P', String(port), 'start-server'], { timeout: START_MS })
  if (error) throw new AppError({ code: 'device-lost', message: `The adb server could not be started: ${stderr.trim() || error.message}`, hint: 'Run `adb start-server` in a terminal to see why.' })
}

/** Version of an adb program as the server counts it (41 for 1.0.41), and its own words. Null where it prints none. */
export async function adbProgramVersion(adb: string): Promise<{ version: number | null; text: string }> {
  const { stdout, stderr } = await runAdb(adb, ['version'], { timeout: START_MS })
  const found = /version 1\.0\.(\d+)/.exec(stdout)?.[1]
  return { version: found === undefined ? null : Number(found), text: (stdout || stderr).trim().split('\n').slice(0, 2).join(', ') }
}

/** Never throws: a failing adb is a result, since what it says decides. */
export function runAdb(adb: string, args: readonly string[], { timeout, input = '' }: { readonly timeout: number; readonly input?: string }): Promise<{ error: Error | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(adb, [...args], { timeout, windowsHide: true }, (error, stdout, stderr) => resolve({ error, stdout, stderr }))
    // A program that ends without reading is no mistake of ours.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

function isRefused(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isRefused)
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ECONNREFUSED'
}
