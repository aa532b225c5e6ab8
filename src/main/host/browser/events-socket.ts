import type { IncomingMessage, Server } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Disposer } from '#shared/disposer'
import type { Shell } from '../shell'
import { type Access, refusal } from './access'

const HEARTBEAT_MS = 5_000
/** The page went away on purpose: closed, reloaded, or left. */
const GOING_AWAY = 1001

interface Client {
  socket: WebSocket | null
  unsubscribe: Disposer
  leaving: NodeJS.Timeout | null
  /** Told while the connection was lost, oldest first. */
  readonly missed: string[]
}

export interface EventsSocket {
  readonly windowCount: () => number
  readonly wasOpened: () => boolean
  close(): void
}

/**
 * Sends each window its events. A window that closes takes its jobs and documents with it, at once where it says so; one
 * that falls silent (a lost tunnel, a sleeping laptop) gets `graceMs` to come back under the same id.
 */
export function serveEvents(options: { server: Server; shell: Shell; access: Access; graceMs: number; isClientId(id: string): boolean }): EventsSocket {
  const { server, shell, access, graceMs } = options
  const clients = new Map<string, Client>()
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 })
  const answering = new WeakSet<WebSocket>()
  let opened = false

  server.on('upgrade', (request: IncomingMessage, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const clientId = url.searchParams.get('client') ?? ''
    const refused = refusal(access, request, 'change')
    if (refused || url.pathname !== '/api/events' || !options.isClientId(clientId)) {
      const status = refused?.status ?? 400
      socket.end(`HTTP/1.1 ${String(status)} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(request, socket, head, (opened) => connect(clientId, opened))
  })

  function connect(clientId: string, socket: WebSocket): void {
    const known = clients.get(clientId)
    if (known?.leaving) clearTimeout(known.leaving)
    known?.socket?.terminate()
    const client = known ?? addClient(clientId)
    client.socket = socket
    client.leaving = null
    for (const text of client.missed.splice(0)) socket.send(text)
    opened = true
    answering.add(socket)
    socket.on('pong', () => answering.add(socket))
    socket.on('error', (error) => shell.log(`window ${clientId}: ${error.message}`))
    socket.on('close', (code) => {
      if (clients.get(clientId)?.socket !== socket) return
      client.socket = null
      if (code === GOING_AWAY) leave(clientId, client)
      else client.leaving = setTimeout(() => leave(clientId, client), graceMs)
    })
  }

  function addClient(clientId: string): Client {
    const client: Client = {
      socket: null,
      leaving: null,
      missed: [],
      unsubscribe: shell.subscribe(clientId, (event) => {
        const text = JSON.stringify(event)
        if (client.socket) client.socket.send(text)
        else client.missed.push(text)
      }),
    }
    clients.set(clientId, client)
    return client
  }

  function leave(clientId: string, client: Client): void {
    client.unsubscribe()
    clients.delete(clientId)
    shell.closeClient(clientId).catch((error: unknown) => shell.log(`window ${clientId} could not be closed: ${String(error)}`))
  }

  const heartbeat = setInterval(() => {
    for (const { socket } of clients.values()) {
      if (!socket) continue
      if (!answering.has(socket)) {
        socket.terminate()
        continue
      }
      answering.delete(socket)
      socket.ping()
    }
  }, HEARTBEAT_MS)

  return {
    windowCount: () => [...clients.values()].filter(({ socket }) => socket !== null).length,
    wasOpened: () => opened,
    close() {
      clearInterval(heartbeat)
      for (const { socket, leaving, unsubscribe } of clients.values()) {
        if (leaving) clearTimeout(leaving)
        unsubscribe()
        socket?.terminate()
      }
      clients.clear()
      sockets.close()
    },
  }
}
