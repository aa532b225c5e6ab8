import { Settings } from '#shared/ipc/contract'
import { readJsonFile, writeJsonFile } from './json-file'

export interface SettingsFile {
  get(): Settings
  /** Merges `change` in, writes the file and returns the whole. */
  update(change: { [K in keyof Settings]?: Settings[K] | undefined }): Settings
}

/** Read on each call: another window or the command line may have written it. */
export function openSettings(path: string, onDamage: (reason: string) => void): SettingsFile {
  const get = () => readJsonFile(path, Settings, Settings.parse({}), onDamage)
  return {
    get,
    update(change) {
      const settings = Settings.parse({ ...get(), ...Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) })
      writeJsonFile(path, settings)
      return settings
    },
  }
}
