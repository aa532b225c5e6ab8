/** What crosses between Electron's main process, the preload and the page. Payloads and names come from the contract. */
import type { Answer, EventName } from './contract'

export const REQUEST_CHANNEL = 'edgefit:request'
export const EVENT_CHANNEL = 'edgefit:event'

/**
 * `window.edgefit` as the preload exposes it. Errors come as data in the answer: thrown over the context bridge, they
 * would lose their code and hint.
 */
export interface PreloadApi {
  request(name: string, params: unknown): Promise<Answer>
  on(name: EventName, listener: (payload: unknown) => void): () => void
  pathForFile(file: File): string
}
