/** What data is known by, so that results of the same data are found again. */
import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { readChunks } from '../read-chunks'

/** SHA-256 of a file's bytes. */
export async function fileFingerprint(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of readChunks(path)) hash.update(chunk)
  return hash.digest('hex')
}

/** SHA-256 of names, sizes and times: the contents of thousands of files would take longer to read than to evaluate. */
export async function listFingerprint(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (let at = 0; at < paths.length; at += 256) {
    const batch = paths.slice(at, at + 256)
    const infos = await Promise.all(batch.map((path) => stat(path)))
    infos.forEach(({ size, mtimeMs }, index) => hash.update(`${batch[index] ?? ''}\0${size}\0${mtimeMs}\n`))
  }
  return hash.digest('hex')
}

/** The same with another file that bears on the result: labels, a tokenizer. */
export async function withFile(fingerprint: Promise<string>, path: string | null): Promise<string> {
  return path === null ? fingerprint : `${await fingerprint} ${await fileFingerprint(path)}`
}
