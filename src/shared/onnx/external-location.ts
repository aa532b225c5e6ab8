/** Where the values of an external tensor are, as its `external_data` entries say. */
import type { StringEntry } from './records'

export interface ExternalLocation {
  /** Relative to the model's folder, as written in the model. */
  readonly location: string
  readonly offset: number
  /** Null: to the end of the file. */
  readonly length: number | null
}

/** Null where an entry is missing or is not a number. */
export function parseExternalEntries(entries: readonly StringEntry[]): ExternalLocation | null {
  const value = (key: string) => entries.find((entry) => entry.key === key)?.value
  const location = value('location')
  const offset = parseCount(value('offset') ?? '0')
  const lengthText = value('length')
  const length = lengthText === undefined ? null : parseCount(lengthText)
  if (!location || offset === null || (lengthText !== undefined && length === null)) return null
  return { location, offset, length }
}

/** Whether a location, by its text alone, could leave the model's folder: absolute, with a drive letter, or through `..`. */
export function leavesFolder(location: string): boolean {
  return location.includes('\0') || /^([\\/]|[a-zA-Z]:)/.test(location) || location.split(/[\\/]/).includes('..')
}

function parseCount(text: string): number | null {
  const count = /^\d{1,16}$/.test(text) ? Number(text) : NaN
  return Number.isSafeInteger(count) ? count : null
}
