/** The shortest decimal that reads back as the same float32: `0.1`, not `0.10000000149011612`. */
export function float32Text(value: number): string {
  if (Object.is(value, -0)) return '-0'
  if (!Number.isFinite(value) || (Number.isInteger(value) && Math.abs(value) < 2 ** 24)) return String(value)
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return String(short)
  }
  return String(Number(value.toPrecision(9)))
}

/** The first `limit` items with commas; the rest is counted. */
export function listText(items: readonly string[], limit = 32): string {
  return items.length <= limit ? items.join(', ') : `${items.slice(0, limit).join(', ')}, … (${items.length} in all)`
}
