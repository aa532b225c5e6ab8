/** Files that a command line names. */
import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import type { AppError } from '#shared/errors'
import { fileError } from '../../workspace/file-error'

/** Throws AppError where the file cannot be read. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw fileError(error, path)
  }
}

/** Throws as `readText` does, and what `wrong` makes of the reason where the file holds no JSON of that form. */
export function readJson<T extends z.ZodType>(path: string, schema: T, wrong: (reason: string) => AppError): z.output<T> {
  const text = readText(path)
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch (error) {
    throw wrong((error as Error).message)
  }
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const place = issue?.path.join('.') ?? ''
  throw wrong(`${place === '' ? '' : `${place}: `}${issue?.message ?? ''}`)
}
