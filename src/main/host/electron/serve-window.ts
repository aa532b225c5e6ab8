import type { IpcMain, WebContents } from 'electron'
import { z } from 'zod'
import type { Answer } from '#shared/ipc/contract'
import { EVENT_CHANNEL, REQUEST_CHANNEL } from '#shared/ipc/preload-api'
import type { Shell } from '../shell'
import { isTrustedSender } from './window-security'

const Message = z.object({ name: z.string(), params: z.unknown() })

/** Answers the requests of every window through the shell. The sender is checked first, then the payload. */
export function serveRequests(ipc: IpcMain, shell: Shell): void {
  ipc.handle(REQUEST_CHANNEL, async (event, message: unknown): Promise<Answer> => {
    if (!isTrustedSender(event.senderFrame)) return { ok: false, error: { code: 'bad-usage', message: 'This page may not ask the studio for anything.' } }
    const parsed = Message.safeParse(message)
    if (!parsed.success) return { ok: false, error: { code: 'bad-usage', message: 'The request has no name.' } }
    return shell.request(clientOf(event.sender), parsed.data.name, parsed.data.params)
  })
}

/** Sends a window its events, and closes its jobs and documents with it. A reloaded page starts anew. */
export function serveEvents(contents: WebContents, shell: Shell): void {
  const client = clientOf(contents)
  const unsubscribe = shell.subscribe(client, (event) => {
    if (!contents.isDestroyed()) contents.send(EVENT_CHANNEL, event)
  })
  const leave = () => {
    shell.closeClient(client).catch((error: unknown) => shell.log(`${client} could not be closed: ${String(error)}`))
  }
  contents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
    if (isMainFrame && !isSameDocument) leave()
  })
  contents.on('render-process-gone', leave)
  contents.once('destroyed', () => {
    unsubscribe()
    leave()
  })
}

function clientOf(contents: WebContents): string {
  return `window-${String(contents.id)}`
}
