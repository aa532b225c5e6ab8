export interface Tradeoff {
  /** Less is better. */
  readonly cost: number
  /** More is better. */
  readonly benefit: number
}

/** Those that no other beats in one without losing in the other, by rising cost; of equal ones the first. */
export function paretoFront<T extends Tradeoff>(points: readonly T[]): T[] {
  const front: T[] = []
  for (const point of points.toSorted((a, b) => a.cost - b.cost || b.benefit - a.benefit)) {
    const last = front.at(-1)
    if (!last || point.benefit > last.benefit) front.push(point)
  }
  return front
}
