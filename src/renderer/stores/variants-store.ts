/** Variants by the path of their source model. */
import { create } from 'zustand'
import type { OptimizeReport, Variant } from '#shared/ipc/jobs'

interface VariantsState {
  readonly bySource: Readonly<Record<string, readonly Variant[]>>
  readonly putVariants: (sourcePath: string, variants: readonly Variant[]) => void
}

export const useVariantsStore = create<VariantsState>()((set) => ({
  bySource: {},
  putVariants: (sourcePath, variants) => set((state) => ({ bySource: { ...state.bySource, [sourcePath]: variants } })),
}))

/** The variant stored at a path, with its source; null for a model that is no variant. */
export function variantAt(bySource: VariantsState['bySource'], modelPath: string): { sourcePath: string; variant: Variant } | null {
  for (const [sourcePath, variants] of Object.entries(bySource)) {
    const variant = variants.find((candidate) => candidate.modelPath === modelPath)
    if (variant !== undefined) return { sourcePath, variant }
  }
  return null
}

/** Paths of a model's variants, or of a variant's source and the other variants of it. */
export function relatives(bySource: VariantsState['bySource'], modelPath: string): readonly string[] {
  const sourcePath = variantAt(bySource, modelPath)?.sourcePath ?? modelPath
  return [sourcePath, ...(bySource[sourcePath] ?? []).map((variant) => variant.modelPath)].filter((path) => path !== modelPath)
}

/** The worst output decides: the smallest SQNR in dB, or null where every output equals the source's. */
export function worstSqnrDb(report: OptimizeReport): number | null {
  const figures = report.outputError.map((error) => error.sqnrDb).filter((sqnr) => sqnr !== null)
  return figures.length === 0 ? null : Math.min(...figures)
}
