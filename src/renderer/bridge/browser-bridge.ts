import { Answer, type Bridge, type EventName, type EventPayload, eventNames, events, requestNames } from '#shared/ipc/contract'
import { AppError, type ErrorCode } from '#shared/errors'

const RECONNECT_MS = 1000

/** The contract over fetch and a WebSocket, for the browser host: what the preload gives in a real window. */
export function createBrowserBridge(): Bridge {
  // One id for this page: the host cancels its jobs when it goes away.
  const clientId = crypto.randomUUID()
  const listeners = new Map<EventName, Set<(payload: never) => void>>()
  hideToken()
  connect()

  async function post(path: string, body: BodyInit): Promise<unknown> {
    const response = await fetch(path, { method: 'POST', headers: { 'X-Edgefit-Client': clientId }, body }).catch((error: unknown) => {
      throw unreachable(error)
    })
    if (!response.ok) throw new AppError({ code: 'internal', message: await response.text() })
    const answer = Answer.parse(await response.json())
    if (answer.ok) return answer.value
    throw new AppError({ ...answer.error, code: answer.error.code as ErrorCode })
  }

  function connect(): void {
    const address = new URL(`/api/events?client=${clientId}`, location.href)
    address.protocol = 'ws:'
    const socket = new WebSocket(address)
    socket.addEventListener('message', (message: MessageEvent<string>) => {
      const { name, payload } = JSON.parse(message.data) as { name: EventName; payload: unknown }
      if (!eventNames.includes(name)) return
      const parsed = events[name].parse(payload) as never
      listeners.get(name)?.forEach((listener) => listener(parsed))
    })
    socket.addEventListener('close', () => setTimeout(connect, RECONNECT_MS))
  }

  async function upload(file: File, batch: string): Promise<string> {
    const name = file.webkitRelativePath || file.name
    return (await post(`/api/import?${new URLSearchParams({ batch, name }).toString()}`, file)) as string
  }

  return {
    host: 'browser',
    async request(name, params) {
      if (!requestNames.includes(name)) throw new Error(`internal: there is no request '${name}'`)
      // The shell is ours and answers by the contract; checking a large graph once more would only cost time.
      return (await post(`/api/request/${name}`, JSON.stringify(params))) as never
    },
    on<N extends EventName>(name: N, listener: (payload: EventPayload<N>) => void) {
      const own = listeners.get(name) ?? new Set()
      listeners.set(name, own.add(listener))
      return () => void own.delete(listener)
    },
    async importFiles(files) {
      const batch = crypto.randomUUID()
      const paths: string[] = []
      for (const file of files) paths.push(await upload(file, batch))
      return paths
    },
    async download(path, suggestedName) {
      const links = (await post('/api/download', JSON.stringify({ path, suggestedName }))) as { href: string; name: string }[]
      for (const { href, name } of links) {
        const anchor = document.createElement('a')
        anchor.href = href
        anchor.download = name
        anchor.click()
      }
    },
  }
}

/** The cookie serves from here on; the address bar and the history need not show the key. */
function hideToken(): void {
  if (new URLSearchParams(location.search).has('token')) history.replaceState(null, '', location.pathname)
}

function unreachable(cause: unknown): AppError {
  return new AppError({ code: 'engine-crashed', message: 'The studio does not answer: the program that served this window has ended.', hint: 'Start Edgefit again and open the address it prints.' }, { cause })
}
