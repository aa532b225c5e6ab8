import { AppError } from '#shared/errors'
import type { CommandResult, Phone } from './phone'
import { PHONE_ROOT } from './phone-folders'
import { quoteShell } from './quote-shell'

/** Numbers of signals on every processor Android runs on. */
const SIGSYS = 31
const HINT = 'Its browser can run models (`--runtime browser`). Please send the report of `edgefit devices doctor`.'

/** Starts the dynamic loader by itself. Throws AppError not-supported with what the phone said, and what that means. */
export async function probeLoader(phone: Phone, folder: string, loader: string): Promise<void> {
  const result = await phone.run(`cd ${quoteShell(folder)} && ./${loader} --version`)
  if (result.exitCode === 0) return
  const { stdout } = await phone.run('getenforce 2>/dev/null || echo; cat /proc/mounts')
  const [selinux = '', ...mounts] = stdout.split('\n')
  const said = (result.stderr || result.stdout).trim() || `exit code ${String(result.exitCode)}`
  const means = explainRefusal(result, { selinux: selinux.trim(), mountOptions: mountOptionsOf(folder, mounts) })
  throw new AppError({ code: 'not-supported', message: `The phone does not run programs from ${PHONE_ROOT}: ${said}.${means === null ? '' : ` ${means}`}`, hint: HINT })
}

export interface RefusalCircumstances {
  /** What `getenforce` says; empty where there is none. */
  readonly selinux: string
  /** Of the file system the program lies on. */
  readonly mountOptions: readonly string[]
}

/** What a phone's refusal to run a program means, in a sentence, or null. A shell tells a signal as 128 and its number. */
export function explainRefusal({ exitCode, stderr }: Pick<CommandResult, 'exitCode' | 'stderr'>, { selinux, mountOptions }: RefusalCircumstances): string | null {
  if (/permission denied/i.test(stderr)) {
    if (mountOptions.includes('noexec')) return 'That storage is mounted so that nothing on it can be run (noexec).'
    return selinux === 'Enforcing' ? 'SELinux is enforcing: the maker’s policy forbids it.' : 'The maker’s system forbids it.'
  }
  if (/not executable|exec format|syntax error/i.test(stderr)) return 'Its system runs programs of another processor, most often 32-bit ones on a 64-bit chip.'
  if (exitCode === 128 + SIGSYS) return 'Its kernel forbids a system call that the program needs (seccomp).'
  return exitCode > 128 ? `It was ended by signal ${String(exitCode - 128)}.` : null
}

/** Of the mount that a folder lies on, from lines of /proc/mounts: device, place, type, options. The last of several at one place is on top. */
export function mountOptionsOf(folder: string, mounts: readonly string[]): string[] {
  const holding = mounts
    .map((line) => line.split(' '))
    .filter(([, place = '']) => place === '/' || folder === place || folder.startsWith(`${place}/`))
    .reduce<readonly string[]>((deepest, mount) => ((mount[1] ?? '').length >= (deepest[1] ?? '').length ? mount : deepest), [])
  return (holding[3] ?? '').split(',').filter((option) => option !== '')
}
