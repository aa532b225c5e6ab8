/** Result as one JSON document. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** Words for people. They leave stdout to results. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
