/** Runs `work` for each item, up to `depth` under way at once, and gives the results in order. Results not asked for are dropped. */
export async function* lookAhead<Item, Result>(items: Iterable<Item>, depth: number, work: (item: Item) => Promise<Result>): AsyncGenerator<Result> {
  const pending: Promise<Result>[] = []
  for (const item of items) {
    const result = work(item)
    // Looked at when its turn comes; until then a failure must not count as unhandled.
    result.catch(() => undefined)
    pending.push(result)
    const first = pending.length < depth ? undefined : pending.shift()
    if (first) yield await first
  }
  for (const rest of pending) yield await rest
}
