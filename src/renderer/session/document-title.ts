import { fileName, modelBaseName } from '../format/format-type'
import { useVariantsStore, variantAt } from '../stores/variants-store'

/** What a model is called in tabs and lists: variants by their source and recipe, others by their file. */
export function useModelTitle(path: string): string {
  const bySource = useVariantsStore((state) => state.bySource)
  return modelTitle(bySource, path)
}

export function modelTitle(bySource: Parameters<typeof variantAt>[0], path: string): string {
  const found = variantAt(bySource, path)
  return found === null ? fileName(path) : `${modelBaseName(found.sourcePath)} · ${found.variant.name}`
}
