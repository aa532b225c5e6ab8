import { activeDocument, useSessionStore } from '../stores/session-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import { useTryStore } from './try-store'

/** So many run side by side at first; more are a click away. */
const SHOWN_AT_FIRST = 3
const MOST = 8

export interface TriedModels {
  /** The source of what is shown, or the model shown where it is no variant; null where nothing is open. */
  readonly sourcePath: string | null
  /** The source and its variants, newest first. */
  readonly paths: readonly string[]
  /** Those that run: the source always. */
  readonly chosen: readonly string[]
}

export function useTriedModels(): TriedModels {
  const shown = useSessionStore((state) => activeDocument(state)?.summary.path ?? null)
  const bySource = useVariantsStore((state) => state.bySource)
  const ticked = useTryStore((state) => state.ticked)
  if (shown === null) return { sourcePath: null, paths: [], chosen: [] }
  const sourcePath = variantAt(bySource, shown)?.sourcePath ?? shown
  const variants = [...(bySource[sourcePath] ?? [])].sort((a, b) => b.createdAt.localeCompare(a.createdAt)).map(({ modelPath }) => modelPath)
  const chosen = variants.filter((path, at) => ticked[path] ?? at < SHOWN_AT_FIRST)
  return { sourcePath, paths: [sourcePath, ...variants], chosen: [sourcePath, ...chosen].slice(0, MOST) }
}
