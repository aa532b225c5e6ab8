/** The files that commands name: models to paste and join, arrays for tensors. */
import type { EditCommand } from '../../ipc/edit-commands'

export interface NamedFiles {
  readonly models: readonly string[]
  readonly arrays: readonly string[]
}

export function filesNamedIn(commands: readonly EditCommand[]): NamedFiles {
  const models = new Set<string>()
  const arrays = new Set<string>()
  for (const command of commands) {
    if ('model' in command) models.add(command.model.path)
    visitArrays(command, (path) => {
      arrays.add(path)
      return path
    })
  }
  return { models: [...models], arrays: [...arrays] }
}

/** The commands with other paths. */
export function withFiles(commands: readonly EditCommand[], rename: (path: string) => string): EditCommand[] {
  return commands.map((command) => {
    const renamed = visitArrays(command, rename)
    return 'model' in renamed ? { ...renamed, model: { path: rename(renamed.model.path) } } : renamed
  })
}

/** Tensors stand in few places, but at several depths: wherever an object says `npy`. */
function visitArrays<T>(value: T, rename: (path: string) => string): T {
  if (Array.isArray(value)) return (value.length > 0 && typeof value[0] === 'object' ? value.map((item: unknown) => visitArrays(item, rename)) : value) as T
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).map(([key, field]): [string, unknown] => [key, key === 'npy' && typeof field === 'string' ? rename(field) : visitArrays(field, rename)])
  return Object.fromEntries(entries) as T
}
