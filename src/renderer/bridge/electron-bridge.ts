import { AppError, type ErrorCode } from '#shared/errors'
import type { Bridge, EventName, EventPayload } from '#shared/ipc/contract'
import type { PreloadApi } from '#shared/ipc/preload-api'

/** The contract over what the preload exposes: errors become `AppError` again on this side. */
export function createElectronBridge(api: PreloadApi): Bridge {
  return {
    host: 'electron',
    async request(name, params) {
      const answer = await api.request(name, params)
      if (!answer.ok) throw new AppError({ ...answer.error, code: answer.error.code as ErrorCode })
      return answer.value as never
    },
    on<N extends EventName>(name: N, listener: (payload: EventPayload<N>) => void) {
      return api.on(name, (payload) => listener(payload as EventPayload<N>))
    },
    importFiles: (files) => Promise.resolve(files.map((file) => api.pathForFile(file))),
    download: null,
  }
}
