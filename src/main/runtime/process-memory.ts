import { readFileSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Resident size of this process now, in bytes. */
export function residentMemoryBytes(): number {
  return process.memoryUsage.rss()
}

/** Highest resident size of this process since it started, or since `resetPeakMemory` where that worked, in bytes. */
export function peakMemoryBytes(): number {
  const kilobytes = process.platform === 'linux' ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] : undefined
  return (kilobytes === undefined ? process.resourceUsage().maxRSS : Number(kilobytes)) * 1024
}

/**
 * Lets the peak start again from the present size (proc_pid_clear_refs(5), value 5). False where the system has no such
 * thing or does not allow it: then the peak includes what came before.
 */
export function resetPeakMemory(): boolean {
  if (process.platform !== 'linux') return false
  try {
    writeFileSync('/proc/self/clear_refs', '5')
    return true
  } catch {
    return false
  }
}

let collect: ((options?: { readonly type: 'minor' }) => void) | null = null

/**
 * Frees what is no longer used, for the moment before something large begins: V8 counts buffers of files hardly at all, and lets tens of
 * megabytes of them lie. Of the `young` ones alone, where all was made just now: sooner done.
 */
export function collectGarbage(generation: 'all' | 'young' = 'all'): void {
  if (!collect) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as NonNullable<typeof collect>
  }
  if (generation === 'all') collect()
  else collect({ type: 'minor' })
}
