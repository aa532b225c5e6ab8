import type { IncomingMessage } from 'node:http'
import { AppError } from '#shared/errors'

/** Files come by another way; what is long here is the edited text of a large graph, a recording, or what a model tried in the window gave. */
const MAX_BYTES = 64 * 1024 * 1024

/** The JSON body of a request. Throws AppError bad-usage where it is too long or no JSON. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  // Node reads no more than the length it was told, so that is what to check.
  const length = Number(request.headers['content-length'])
  if (!(length <= MAX_BYTES)) throw new AppError({ code: 'bad-usage', message: 'The request is too long, or does not say how long it is.', hint: 'Try a shorter recording, a smaller picture or a part of the graph.' })
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown
  } catch {
    throw new AppError({ code: 'bad-usage', message: 'The request is no JSON.' })
  }
}
