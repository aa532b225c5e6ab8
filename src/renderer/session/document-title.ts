import { useTranslation } from 'react-i18next'
import { fileName, modelBaseName } from '../format/format-type'
import { variantTitle } from '../optimize/catalogue-text'
import { useVariantsStore, variantAt } from '../stores/variants-store'

/** What a model is called in tabs and lists: variants by their source and recipe, others by their file. */
export function useModelTitle(path: string): string {
  useTranslation()
  const bySource = useVariantsStore((state) => state.bySource)
  return modelTitle(bySource, path)
}

export function modelTitle(bySource: Parameters<typeof variantAt>[0], path: string): string {
  const found = variantAt(bySource, path)
  return found === null ? fileName(path) : `${modelBaseName(found.sourcePath)} · ${variantTitle(found.variant.name)}`
}
