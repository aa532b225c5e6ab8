/** Ends a command with an exit code of its own; `cause` is what is said before, where not all has been said. */
export class ExitWith extends Error {
  constructor(
    readonly code: number,
    options?: ErrorOptions,
  ) {
    super(`exit code ${String(code)}`, options)
  }
}
