import type { IncomingMessage } from 'node:http'
import { AppError } from '#shared/errors'

/** Parameters are names, options and a recipe; files come by another way. */
const MAX_BYTES = 4 * 1024 * 1024

/** The JSON body of a request. Throws AppError bad-usage where it is too long or no JSON. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  // Node reads no more than the length it was told, so that is what to check.
  const length = Number(request.headers['content-length'])
  if (!(length <= MAX_BYTES)) throw new AppError({ code: 'bad-usage', message: 'The request is too long, or does not say how long it is.' })
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown
  } catch {
    throw new AppError({ code: 'bad-usage', message: 'The request is no JSON.' })
  }
}
