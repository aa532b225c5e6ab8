import { randomBytes } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { AppError } from '#shared/errors'
import { dispositionHeader } from './disposition-header'
import type { Shell } from '../shell'

const VALID_MS = 60_000
const Offer = z.object({ path: z.string(), suggestedName: z.string() })

export interface Downloads {
  /** Links for a file that the shell may hand out, and for its external data. Each works once, within a minute. */
  offer(clientId: string, params: unknown): { href: string; name: string }[]
  send(key: string, response: ServerResponse): Promise<void>
}

export function createDownloads(shell: Shell): Downloads {
  const offered = new Map<string, { path: string; name: string; until: number }>()
  return {
    offer(clientId, params) {
      const parsed = Offer.safeParse(params)
      if (!parsed.success) throw new AppError({ code: 'bad-usage', message: 'The download names no file.' })
      const { path, suggestedName } = parsed.data
      const now = Date.now()
      for (const [key, { until }] of offered) if (until < now) offered.delete(key)
      return shell.downloadable(clientId, path).map((file, at) => {
        const key = randomBytes(16).toString('base64url')
        // The model refers to its external data by name, so that name stays.
        const name = at === 0 ? basename(suggestedName) : basename(file)
        offered.set(key, { path: file, name, until: now + VALID_MS })
        return { href: `/download/${key}`, name }
      })
    },
    async send(key, response) {
      const file = offered.get(key)
      offered.delete(key)
      if (!file || file.until < Date.now()) {
        response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('This link was used already.\n')
        return
      }
      const { size } = statSync(file.path)
      response.writeHead(200, {
        'Content-Type': 'application/octet-stream',
        'Content-Length': size,
        'Content-Disposition': dispositionHeader(file.name),
        'Cache-Control': 'no-store',
      })
      await pipeline(createReadStream(file.path), response)
    },
  }
}
