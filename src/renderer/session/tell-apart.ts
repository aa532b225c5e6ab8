/** A model in a list. */
export interface Listed {
  /** As the list calls it. */
  readonly title: string
  /** Of its file; of a variant, the source's. */
  readonly path: string
}

const UNIQUE_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/**
 * What tells one of a list from others of its title: the nearest folder that only it lies in, with `/…` for those between, else its number
 * among them. Folders that the studio itself made for files it was handed say nothing. Empty where no other has its title.
 */
export function tellApart(index: number, all: readonly Listed[]): string {
  const own = all[index]
  const others = all.filter(({ title }, at) => at !== index && title === own?.title).map(foldersOf)
  if (own === undefined || others.length === 0) return ''
  const folders = foldersOf(own)
  for (const [depth, folder] of folders.entries()) {
    if (UNIQUE_ID.test(folder)) break
    const isShared = others.some((other) => folders.slice(0, depth + 1).every((name, at) => other[at] === name))
    if (!isShared) return depth === 0 ? folder : `${folder}/…`
  }
  return `(${all.slice(0, index + 1).filter(({ title }) => title === own.title).length})`
}

/** From the file outwards. */
function foldersOf({ path }: Listed): string[] {
  return path.split(/[\\/]/).slice(0, -1).toReversed()
}
