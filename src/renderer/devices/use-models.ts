import { fileName } from '../format/format-type'
import { variantTitle } from '../optimize/catalogue-text'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'

export interface DeployableModel {
  readonly path: string
  readonly title: string
  readonly sha256: string | null
}

/** The source of the model shown and its variants, the source first; empty where no model is open. */
export function useModels(): { readonly models: readonly DeployableModel[]; readonly shown: string | null } {
  const shown = useSessionStore((state) => activeDocument(state)?.summary.path ?? null)
  const bySource = useVariantsStore((state) => state.bySource)
  if (shown === null) return { models: [], shown }
  const sourcePath = variantAt(bySource, shown)?.sourcePath ?? shown
  const variants = bySource[sourcePath] ?? []
  const source = { path: sourcePath, title: fileName(sourcePath), sha256: variants.find(({ report }) => report.source.revision === undefined)?.report.source.sha256 ?? null }
  return { shown, models: [source, ...variants.map(({ modelPath, name, report }) => ({ path: modelPath, title: variantTitle(name), sha256: report.result.sha256 }))] }
}
