import type { ParsedParams, RequestResult } from '#shared/ipc/contract'
import type { ShellRequestName } from '../engine/protocol'

/** One handler for each request that the shell answers itself; a missing one fails to compile. */
export type ShellHandlers = {
  readonly [N in ShellRequestName]: (params: ParsedParams<N>, clientId: string) => RequestResult<N> | Promise<RequestResult<N>>
}
