/** Where our files lie on a phone, and how what a lost connection left there is found again. */
import { createHash, randomBytes } from 'node:crypto'
import { homedir, hostname } from 'node:os'
import { isAlive } from '../runtime/is-alive'
import type { Phone } from './phone'
import { quoteShell } from './quote-shell'

/** Android lets the shell user execute from here. */
export const PHONE_ROOT = '/data/local/tmp/edgefit'

/** This computer and user: whether a process of its is alive can be told only here. */
const HOST = createHash('sha256').update(`${hostname()}\n${homedir()}`).digest('hex').slice(0, 8)
const A_DAY_MINUTES = 24 * 60
/** Short: it is also done where the phone has just gone away. */
const REMOVE_MS = 1500

/** Folders that this process is using. */
const inUse = new Set<string>()

/** A folder for this process's own use, until `removeFolder`; not made yet. */
export function ownFolder(purpose: 'run' | 'part'): string {
  const folder = `${PHONE_ROOT}/${purpose}-${HOST}-${String(process.pid)}-${randomBytes(6).toString('hex')}`
  inUse.add(folder)
  return folder
}

/** Removes folders that no process of this computer uses any more, and those of other computers after a day. */
export async function sweepLeftovers(phone: Phone): Promise<void> {
  const { stdout } = await phone.run(`ls -1 ${PHONE_ROOT} 2>/dev/null`)
  const stale = stdout.split('\n').filter((name) => {
    const [, host, pid] = /^(?:run|part)-([0-9a-f]{8})-(\d+)-[0-9a-f]{12}$/.exec(name) ?? []
    const own = Number(pid) === process.pid
    return host === HOST && pid !== undefined && (own ? !inUse.has(`${PHONE_ROOT}/${name}`) : !isAlive(Number(pid)))
  })
  const removal = stale.length === 0 ? '' : `rm -rf ${stale.map((name) => quoteShell(`${PHONE_ROOT}/${name}`)).join(' ')}; `
  await phone.run(`${removal}find ${PHONE_ROOT} -maxdepth 1 '(' -name 'run-*' -o -name 'part-*' ')' -mmin +${String(A_DAY_MINUTES)} -exec rm -rf '{}' + 2>/dev/null`)
}

/** Where it fails, because the phone is away, the next sweep does it. */
export async function removeFolder(phone: Phone, folder: string): Promise<void> {
  inUse.delete(folder)
  await phone.run(`rm -rf ${quoteShell(folder)}`, REMOVE_MS)
}
