import i18next from 'i18next'
import { getBridge } from '../bridge/bridge'
import { formatBytes, quantityText } from '../format/format-number'
import { reportError } from './report-error'
import { showNotice } from './show-notice'

interface TensorChoice {
  readonly documentId: string
  readonly graphId: number
  readonly name: string
  readonly dequantize: boolean
}

/** Writes a tensor as a NumPy array where the person says; where the host has no dialog it becomes a download. */
export async function exportTensor(tensor: TensorChoice): Promise<void> {
  const bridge = getBridge()
  const suggestedName = `${tensor.name.replace(/[^\w.-]+/g, '_').replace(/^_+/, '') || 'tensor'}.npy`
  try {
    if (bridge.download !== null) {
      const { path } = await bridge.request('model.exportTensor', { ...tensor, path: null })
      return await bridge.download(path, suggestedName)
    }
    const path = await bridge.request('dialog.save', { suggestedName })
    if (path === null) return
    const { sizeBytes } = await bridge.request('model.exportTensor', { ...tensor, path })
    showNotice({ tone: 'done', title: i18next.t('save.done'), message: `${path} · ${quantityText(formatBytes(sizeBytes))}` })
  } catch (error) {
    reportError(error, i18next.t('errors.cannotSave', { name: suggestedName }))
  }
}
