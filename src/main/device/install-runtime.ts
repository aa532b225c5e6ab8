import { join } from 'node:path'
import { AppError } from '#shared/errors'
import type { DeviceRuntime } from './device-runtime'
import type { Phone } from './phone'
import { ownFolder, PHONE_ROOT, removeFolder } from './phone-folders'
import { probeLoader } from './probe-loader'
import { quoteShell } from './quote-shell'

/** Hashing some tens of megabytes on a slow phone. */
const HASH_MS = 60_000

export interface InstallOptions {
  readonly signal?: AbortSignal | undefined
  /** Called with each piece that went out. */
  readonly onBytes?: (bytes: number) => void
}

export interface InstalledRuntime {
  /** On the phone. */
  readonly folder: string
  /** 0 where the phone had it. */
  readonly pushedBytes: number
}

/**
 * Puts the runtime on the phone, once for each hash: every file is hashed on the phone before the folder gets its name, so
 * that what is under that name is whole. The loader goes first and is tried alone: where the phone does not let it run,
 * nothing else is pushed. Throws AppError not-supported (with what the phone said), disk-full, device-lost.
 */
export async function installRuntime(phone: Phone, runtime: DeviceRuntime, { signal, onBytes }: InstallOptions = {}): Promise<InstalledRuntime> {
  const folder = runtimeFolder(runtime)
  if (await holdsRuntime(phone, runtime, folder)) return { folder, pushedBytes: 0 }
  const part = ownFolder('part')
  try {
    await expectDone(phone, `mkdir -p ${quoteShell(part)}`)
    const push = async (name: string) => phone.push(join(runtime.folder, name), `${part}/${name}`, { mode: 0o755, signal, ...(onBytes && { onBytes }) })
    await push(runtime.loader)
    await probeLoader(phone, part, runtime.loader)
    let pushedBytes = 0
    for (const { name, sizeBytes } of runtime.files) {
      signal?.throwIfAborted()
      if (name !== runtime.loader) await push(name)
      pushedBytes += sizeBytes
    }
    if (!(await holdsRuntime(phone, runtime, part))) throw new AppError({ code: 'device-lost', message: 'The runtime did not arrive whole on the phone.', hint: 'Try again with another cable or port.' })
    // Where another deploy was faster its folder serves; one that is not whole makes room.
    const whole = await holdsRuntime(phone, runtime, folder)
    if (!whole) await expectDone(phone, `rm -rf ${quoteShell(folder)} && mv ${quoteShell(part)} ${quoteShell(folder)}`)
    return { folder, pushedBytes }
  } finally {
    // Ours alone; gone already where it got its name. A phone that is away is swept with the next deploy.
    await removeFolder(phone, part).catch(() => undefined)
  }
}

export function runtimeFolder(runtime: DeviceRuntime): string {
  return `${PHONE_ROOT}/runtime-${runtime.abi}-${runtime.hash.slice(0, 16)}`
}

async function holdsRuntime(phone: Phone, runtime: DeviceRuntime, folder: string): Promise<boolean> {
  const hashes = await hashFiles(phone, runtime.files.map(({ name }) => `${folder}/${name}`))
  return runtime.files.every(({ sha256 }, at) => hashes[at] === sha256)
}

/** SHA-256 of files on the phone, in order; empty where a file is absent. Names go in as words and never come back. */
export async function hashFiles(phone: Phone, paths: readonly string[]): Promise<string[]> {
  const { stdout } = await phone.run(paths.map((path) => `{ sha256sum < ${quoteShell(path)}; } 2>/dev/null || echo`).join('; '), HASH_MS)
  return stdout.split('\n').map((line) => /^[0-9a-f]{64}/.exec(line)?.[0] ?? '')
}

/** Throws AppError where the command fails, with what the phone said. */
export async function expectDone(phone: Phone, commandLine: string): Promise<void> {
  const { exitCode, stderr } = await phone.run(commandLine)
  if (exitCode === 0) return
  const said = stderr.trim()
  if (/no space left/i.test(said)) throw new AppError({ code: 'disk-full', message: `There is no room left on the phone '${phone.serial}'.`, hint: 'Free some storage on the phone.' })
  throw new AppError({ code: 'permission-denied', message: `The phone '${phone.serial}' refused: ${said || `exit code ${String(exitCode)}`}.`, hint: 'Send the report of `edgefit devices doctor`.' })
}
