import i18next from 'i18next'
import { z } from 'zod'
import { Diagnostic } from '#shared/diagnostic'
import { toErrorData, type ErrorData } from '#shared/errors'
import type { OpenDocument } from '#shared/ipc/contract'
import { getBridge } from '../bridge/bridge'
import { formatBytes, quantityText } from '../format/format-number'
import { fileName, modelBaseName } from '../format/format-type'
import { useAppStore } from '../stores/app-store'
import { documentState, useEditStore } from '../stores/edit-store'
import { useLogStore } from '../stores/log-store'
import { useReadOnlyStore } from '../stores/read-only-store'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import { refreshRecent } from './open-models'
import { reportError, showErrorData } from './report-error'
import { showNotice } from './show-notice'

/**
 * Saves the model shown to its file. Samples, variants and what is only shown stay as they are: those are saved under another name.
 * True when the person has the file.
 */
export async function saveModel(): Promise<boolean> {
  const document = activeDocument(useSessionStore.getState())
  if (document === null) return false
  const { path } = document.summary
  const kept = useAppStore.getState().samples.some((sample) => sample.path === path) || variantAt(useVariantsStore.getState().bySource, path) !== null || useReadOnlyStore.getState().paths.includes(path)
  if (kept) return saveModelAs()
  return saveTo(document, path)
}

/** Saves the model shown under a name the person picks; where the host has no dialog it becomes a download. True when the person has the file. */
export async function saveModelAs(): Promise<boolean> {
  const document = activeDocument(useSessionStore.getState())
  if (document === null) return false
  const { documentId } = document
  const sourcePath = document.summary.path
  const bridge = getBridge()
  const { dirty } = documentState(useEditStore.getState(), documentId)
  const variant = variantAt(useVariantsStore.getState().bySource, sourcePath)
  const suggestedName = variant === null ? `${modelBaseName(sourcePath)}.onnx` : `${modelBaseName(variant.sourcePath)}.${variant.variant.name}.onnx`
  try {
    if (bridge.download !== null) {
      return await downloadModel(document, suggestedName, { force: false })
    }
    const path = await bridge.request('dialog.save', { suggestedName })
    if (path === null) return false
    if (variant === null || dirty) {
      return await saveTo(document, path)
    }
    const saved = await bridge.request('variants.export', { modelPath: variant.sourcePath, variantId: variant.variant.id, path })
    await tellSaved(saved)
    return true
  } catch (error) {
    reportError(error, i18next.t('errors.cannotSave', { name: suggestedName }))
    return false
  }
}

/** Hands the model over as it is now, edited or not. An edited one that is not valid is not, and the person is asked. */
async function downloadModel(document: OpenDocument, suggestedName: string, { force }: { readonly force: boolean }): Promise<boolean> {
  const { documentId } = document
  const bridge = getBridge()
  try {
    const { dirty } = documentState(useEditStore.getState(), documentId)
    const { path } = dirty ? await bridge.request('document.snapshot', { documentId, check: !force }) : document.summary
    await bridge.download?.(path, suggestedName)
    useLogStore.getState().log('info', i18next.t('log.downloaded', { name: suggestedName }))
    return true
  } catch (error) {
    refuse(toErrorData(error), { name: suggestedName, force, again: async () => void (await downloadModel(document, suggestedName, { force: true })) })
    return false
  }
}

/** True when the file is written. A model that is not valid is not, and the person is asked. */
async function saveTo(document: OpenDocument, path: string, { force }: { readonly force: boolean } = { force: false }): Promise<boolean> {
  const { documentId } = document
  try {
    const saved = await getBridge().request('model.save', { documentId, path, force })
    useEditStore.getState().setState(documentId, saved)
    useSessionStore.getState().renameDocument(documentId, { name: fileName(saved.path), path: saved.path })
    await tellSaved(saved)
    // What the person dropped into a browser's window is a copy of ours: they get the file back.
    await getBridge().download?.(saved.path, fileName(saved.path))
    return true
  } catch (error) {
    refuse(toErrorData(error), { name: fileName(path), force, again: async () => void (await saveTo(document, path, { force: true })) })
    return false
  }
}

interface Refused {
  readonly name: string
  readonly force: boolean
  /** Saves it all the same. */
  readonly again: () => Promise<void>
}

/** A model that is not valid can be saved anyway; other errors are told. */
function refuse(error: ErrorData, { name, force, again }: Refused): void {
  if (force || (error.code !== 'invalid-model' && error.code !== 'runtime-rejected')) return showErrorData(error, i18next.t('errors.cannotSave', { name }))
  const findings = Findings.safeParse(error.details)
  useEditStore.getState().setRefusedSave({ name, error, findings: findings.success ? findings.data.diagnostics : [], saveAnyway: again })
}

const Findings = z.object({ diagnostics: z.array(Diagnostic) })

async function tellSaved({ path, sizeBytes }: { readonly path: string; readonly sizeBytes: number }): Promise<void> {
  const size = quantityText(formatBytes(sizeBytes))
  useLogStore.getState().log('info', i18next.t('log.saved', { path, size }))
  // Where the browser downloads it, our own copy's folder says nothing to anybody.
  const where = getBridge().download === null ? path : fileName(path)
  showNotice({ tone: 'done', title: i18next.t('save.done'), message: `${where} · ${size}` })
  await refreshRecent()
}
