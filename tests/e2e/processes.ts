/** The studio's child processes, found as an administrator would. */
import { readdirSync, readFileSync } from 'node:fs'

interface ProcessInfo {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

function processes(): ProcessInfo[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // "pid (name) state parent …": the name may hold spaces and brackets.
        const status = readFileSync(`/proc/${name}/stat`, 'utf8')
        const parent = Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1])
        return [{ pid: Number(name), parent, command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ') }]
      } catch {
        return [] // It ended while we looked.
      }
    })
}

/** Engine and job processes below `root`, the longest-running first. */
export function engineProcesses(root: number): number[] {
  const all = processes()
  const isBelow = (entry: ProcessInfo): boolean => entry.parent === root || all.some(({ pid, ...rest }) => pid === entry.parent && isBelow({ pid, ...rest }))
  return all
    .filter((entry) => /out\/main\/engine\.js/.test(entry.command) && isBelow(entry))
    .map(({ pid }) => pid)
    .sort((a, b) => a - b)
}
