/** The bridge of the real window: exactly the contract's names, nothing else of Electron or Node. */
import { contextBridge, ipcRenderer, webUtils } from 'electron'
import { Answer, type EventName, eventNames, type RequestName, requestNames } from '#shared/ipc/contract'
import { EVENT_CHANNEL, type PreloadApi, REQUEST_CHANNEL } from '#shared/ipc/preload-api'

const api: PreloadApi = {
  async request(name, params) {
    if (!requestNames.includes(name as RequestName)) throw new Error(`internal: there is no request '${name}'`)
    return Answer.parse(await ipcRenderer.invoke(REQUEST_CHANNEL, { name, params }))
  },
  on(name, listener) {
    if (!eventNames.includes(name)) throw new Error(`internal: there is no event '${name}'`)
    const receive = (_event: unknown, message: { name: EventName; payload: unknown }) => {
      if (message.name === name) listener(message.payload)
    }
    ipcRenderer.on(EVENT_CHANNEL, receive)
    return () => void ipcRenderer.off(EVENT_CHANNEL, receive)
  },
  pathForFile: (file) => webUtils.getPathForFile(file),
}

contextBridge.exposeInMainWorld('edgefit', api)
