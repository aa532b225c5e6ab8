import { notifications } from '@mantine/notifications'
import i18next from 'i18next'
import { getBridge } from '../bridge/bridge'
import { formatBytes, quantityText } from '../format/format-number'
import { modelBaseName } from '../format/format-type'
import { useLogStore } from '../stores/log-store'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import { refreshRecent } from './open-models'
import { reportError } from './report-error'

/** Saves the model shown under a name the person picks; where the host has no dialog it becomes a download. */
export async function saveModelAs(): Promise<void> {
  const document = activeDocument(useSessionStore.getState())
  if (document === null) return
  const { documentId } = document
  const sourcePath = document.summary.path
  const bridge = getBridge()
  const variant = variantAt(useVariantsStore.getState().bySource, sourcePath)
  const suggestedName = variant === null ? `${modelBaseName(sourcePath)}.onnx` : `${modelBaseName(variant.sourcePath)}.${variant.variant.name}.onnx`
  try {
    if (bridge.download !== null) {
      await bridge.download(sourcePath, suggestedName)
      useLogStore.getState().log('info', i18next.t('log.downloaded', { name: suggestedName }))
      return
    }
    const path = await bridge.request('dialog.save', { suggestedName })
    if (path === null) return
    const saved =
      variant === null
        ? await bridge.request('model.save', { documentId, path })
        : await bridge.request('variants.export', { modelPath: variant.sourcePath, variantId: variant.variant.id, path })
    const size = quantityText(formatBytes(saved.sizeBytes))
    useLogStore.getState().log('info', i18next.t('log.saved', { path: saved.path, size }))
    notifications.show({ title: i18next.t('save.done'), message: `${saved.path} · ${size}` })
    await refreshRecent()
  } catch (error) {
    reportError(error, i18next.t('errors.cannotSave', { name: suggestedName }))
  }
}
