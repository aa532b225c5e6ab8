/** Types that the schemas write in other words than the rest of the window. */
const NAMES: Readonly<Record<string, string>> = { float: 'float32', double: 'float64' }

/** Widths that are shown as one range where an operator takes all of them. */
const FAMILIES = [
  { range: 'float16–64', members: ['float16', 'float32', 'float64'] },
  { range: 'int8–64', members: ['int8', 'int16', 'int32', 'int64'] },
  { range: 'uint8–64', members: ['uint8', 'uint16', 'uint32', 'uint64'] },
] as const

/**
 * The element types of an input or output, from the type strings of a schema such as `tensor(float)`: nearly all are tensors, so that
 * word is left out. Whole families become ranges; sequences and optional values of any tensor are named once.
 */
export function typeList(types: readonly string[]): string[] {
  const names = new Set(types.map(plainName))
  return [...FAMILIES.reduce((shown, { range, members }) => {
    if (!members.every((member) => shown.has(member))) return shown
    const [first] = members
    return new Set([...shown].flatMap((name) => (name === first ? [range] : members.some((member) => member === name) ? [] : [name])))
  }, new Set([...names].sort(byFamily)))]
}

function plainName(type: string): string {
  const element = /^tensor\((.*)\)$/.exec(type)?.[1]
  if (element !== undefined) return NAMES[element] ?? element
  return /^(optional\(seq|optional|seq)\(tensor\(/.test(type) ? type.replace(/\(tensor\(.*$/, '(tensor)').replace('optional(seq(tensor)', 'optional(seq)') : type
}

const ORDER = FAMILIES.flatMap(({ members }): readonly string[] => members)

function byFamily(a: string, b: string): number {
  const [placeA, placeB] = [ORDER.indexOf(a), ORDER.indexOf(b)]
  return (placeA < 0 ? ORDER.length : placeA) - (placeB < 0 ? ORDER.length : placeB)
}
