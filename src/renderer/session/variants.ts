import i18next from 'i18next'
import { getBridge } from '../bridge/bridge'
import { useProfileStore } from '../stores/profile-store'
import { useVariantsStore } from '../stores/variants-store'
import { reportError } from './report-error'

/** Reads the variants of a source model, and what was measured on them. */
export async function refreshVariants(sourcePath: string): Promise<void> {
  try {
    const variants = await getBridge().request('variants.list', { modelPath: sourcePath })
    useVariantsStore.getState().putVariants(sourcePath, variants)
    for (const variant of variants) {
      if (variant.profile !== null) useProfileStore.getState().putProfile(variant.modelPath, variant.profile)
    }
  } catch (error) {
    reportError(error, i18next.t('errors.cannotListVariants'))
  }
}

export async function removeVariant(sourcePath: string, variantId: string): Promise<void> {
  try {
    await getBridge().request('variants.remove', { modelPath: sourcePath, variantId })
    await refreshVariants(sourcePath)
  } catch (error) {
    reportError(error)
  }
}

/** Reads what was last measured on a model, if nothing newer is at hand. */
export async function recallProfile(modelPath: string): Promise<void> {
  if (useProfileStore.getState().profiles[modelPath] !== undefined) return
  try {
    const profile = await getBridge().request('profiles.latest', { modelPath })
    if (profile !== null) useProfileStore.getState().putProfile(modelPath, profile)
  } catch (error) {
    reportError(error)
  }
}
