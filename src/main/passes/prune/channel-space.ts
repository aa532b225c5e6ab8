/** Which channels must stay or go together: a union-find over the indices of every axis that can be cut. */

/** For each index along an axis, the channel it belongs to. Several indices, of several tensors, may be one channel. */
export type ChannelMap = Int32Array

/** One entry for each axis of a value; null for an axis that cannot be cut. */
export type Axes = readonly (ChannelMap | null)[]

/** Why channels stay. */
export interface Lock {
  readonly code: 'model-input' | 'model-output' | 'operator' | 'mixes-channels' | 'meets-fixed' | 'protected' | 'dynamic-shape' | 'normalized' | 'subgraph' | 'not-asked'
  readonly reason: string
  readonly nodeId: number | null
}

export class ChannelSpace {
  readonly #parents: number[] = []
  readonly #locks = new Map<number, Lock>()

  /** Channels that nothing ties to others yet. */
  fresh(size: number): ChannelMap {
    const first = this.#parents.length
    for (let at = 0; at < size; at++) this.#parents.push(first + at)
    return Int32Array.from({ length: size }, (_, at) => first + at)
  }

  /** The representative of a channel. */
  root(channel: number): number {
    let at = channel
    for (let parent = this.#parents[at] as number; parent !== at; parent = this.#parents[at] as number) {
      this.#parents[at] = this.#parents[parent] as number
      at = parent
    }
    return at
  }

  union(a: number, b: number): void {
    const [first, second] = [this.root(a), this.root(b)]
    if (first === second) return
    const [kept, gone] = first < second ? [first, second] : [second, first]
    this.#parents[gone] = kept
    const lock = this.#locks.get(gone)
    if (lock && !this.#locks.has(kept)) this.#locks.set(kept, lock)
    this.#locks.delete(gone)
  }

  /** Ties index for index. Where one side cannot be cut, or lengths differ, the other is locked. */
  link(a: ChannelMap | null, b: ChannelMap | null, lock: Lock): void {
    if (a && b && a.length === b.length) for (let at = 0; at < a.length; at++) this.union(a[at] as number, b[at] as number)
    else {
      this.lock(a, lock)
      this.lock(b, lock)
    }
  }

  lock(map: ChannelMap | null, lock: Lock): void {
    for (const channel of map ?? []) {
      const root = this.root(channel)
      if (!this.#locks.has(root)) this.#locks.set(root, lock)
    }
  }

  lockOf(channel: number): Lock | null {
    return this.#locks.get(this.root(channel)) ?? null
  }
}
