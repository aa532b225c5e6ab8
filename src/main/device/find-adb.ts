import { accessSync, constants, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { AppError } from '#shared/errors'

const DEFAULT_PORT = 5037
const PROGRAM = process.platform === 'win32' ? 'adb.exe' : 'adb'

/**
 * The adb program: the one chosen in the settings, that of ANDROID_HOME or ANDROID_SDK_ROOT, on PATH, or where Android
 * Studio puts its SDK. Throws AppError not-found.
 */
export function findAdb(chosen: string | null, env: NodeJS.ProcessEnv = process.env): string {
  if (chosen !== null) {
    if (isProgram(chosen)) return chosen
    throw new AppError({ code: 'not-found', message: `The settings name '${chosen}' as adb, which cannot be run.`, hint: 'Choose another path in the settings, or leave it empty.' })
  }
  const found = [...sdkFolders(env).map((folder) => join(folder, 'platform-tools', PROGRAM)), ...pathFolders(env).map((folder) => join(folder, PROGRAM))].find(isProgram)
  if (found !== undefined) return found
  throw new AppError({
    code: 'not-found',
    message: 'adb was not found.',
    hint: 'Install Android platform-tools (developer.android.com/tools/releases/platform-tools; Debian: apt install adb), or name it in the settings.',
  })
}

/** Port of the adb server: the chosen one, ANDROID_ADB_SERVER_PORT, or adb's own default. */
export function adbServerPort(chosen: number | null, env: NodeJS.ProcessEnv = process.env): number {
  if (chosen !== null) return chosen
  const named = Number(env['ANDROID_ADB_SERVER_PORT'])
  return Number.isInteger(named) && named > 0 && named < 65_536 ? named : DEFAULT_PORT
}

function sdkFolders(env: NodeJS.ProcessEnv): string[] {
  const usual = { darwin: join(homedir(), 'Library/Android/sdk'), win32: join(env['LOCALAPPDATA'] ?? homedir(), 'Android', 'Sdk') } as Partial<Record<NodeJS.Platform, string>>
  return [env['ANDROID_HOME'], env['ANDROID_SDK_ROOT'], usual[process.platform] ?? join(homedir(), 'Android', 'Sdk')].filter((folder) => folder !== undefined && folder !== '') as string[]
}

function pathFolders(env: NodeJS.ProcessEnv): string[] {
  return (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
