import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from '../runtime/is-alive'

const RETRY_MS = 50

/**
 * Does `work` while no other process of this user on this computer does: deploys to several phones run at once, but each
 * times the model here too, and two at a time would spoil both figures. A process that died does not hold the others up.
 */
export async function takeTurns<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const file = join(tmpdir(), `edgefit-timing-${userInfo().username}.pid`)
  while (!tryTake(file)) {
    await sleep(RETRY_MS)
    signal.throwIfAborted()
  }
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

function tryTake(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const holder = Number(readIfThere(file))
  // Empty: its holder is about to write its number.
  if (holder > 0 && !isAlive(holder)) rmSync(file, { force: true })
  return false
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
