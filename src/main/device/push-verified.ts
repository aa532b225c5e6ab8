import { AppError } from '#shared/errors'
import { expectDone, hashFiles } from './install-runtime'
import type { Phone } from './phone'
import { quoteShell } from './quote-shell'

export interface FileToPush {
  readonly source: string | Uint8Array
  /** On the phone, within the folder; folders in it are made. */
  readonly name: string
  readonly executable?: boolean
}

export interface PushVerifiedOptions {
  readonly signal: AbortSignal
  readonly onBytes: (bytes: number) => void
  readonly onPhase: (phase: 'checking', share: null) => void
}

/**
 * Pushes files into a folder and compares their SHA-256, taken on the phone, with what was sent: what came in part is never
 * run. Throws AppError device-lost, disk-full, permission-denied, cancelled.
 */
export async function pushVerified(phone: Phone, folder: string, files: readonly FileToPush[], { signal, onBytes, onPhase }: PushVerifiedOptions): Promise<void> {
  const folders = new Set(files.map(({ name }) => `${folder}/${name}`.replace(/\/[^/]*$/, '')))
  await expectDone(phone, `mkdir -p ${[...folders].map(quoteShell).join(' ')}`)
  const sent: string[] = []
  for (const { source, name, executable = false } of files) {
    sent.push(await phone.push(source, `${folder}/${name}`, { mode: executable ? 0o755 : 0o644, signal, onBytes }))
  }
  onPhase('checking', null)
  signal.throwIfAborted()
  const arrived = await hashFiles(phone, files.map(({ name }) => `${folder}/${name}`))
  const broken = files.find((_, at) => arrived[at] !== sent[at])
  if (broken) throw new AppError({ code: 'device-lost', message: `'${broken.name}' did not arrive whole on the phone.`, hint: 'Try again, with another cable or port.' })
}
