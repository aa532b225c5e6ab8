import { notifications } from '@mantine/notifications'
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

/** Saves the model shown to its file. Samples, variants and what is only shown stay as they are: those are saved under another name. */
export async function saveModel(): Promise<void> {
  const document = activeDocument(useSessionStore.getState())
  if (document === null) return
  const { path } = document.summary
  const kept = useAppStore.getState().samples.some((sample) => sample.path === path) || variantAt(useVariantsStore.getState().bySource, path) !== null || useReadOnlyStore.getState().paths.includes(path)
  if (kept) return saveModelAs()
  await saveTo(document, path)
}

/** Saves the model shown under a name the person picks; where the host has no dialog it becomes a download. */
export async function saveModelAs(): Promise<void> {
  const document = activeDocument(useSessionStore.getState())
  if (document === null) return
  const { documentId } = document
  const sourcePath = document.summary.path
  const bridge = getBridge()
  const { dirty } = documentState(useEditStore.getState(), documentId)
  const variant = variantAt(useVariantsStore.getState().bySource, sourcePath)
  const suggestedName = variant === null ? `${modelBaseName(sourcePath)}.onnx` : `${modelBaseName(variant.sourcePath)}.${variant.variant.name}.onnx`
  try {
    if (bridge.download !== null) {
      await downloadModel(document, suggestedName, { force: false })
      return
    }
    const path = await bridge.request('dialog.save', { suggestedName })
    if (path === null) return
    if (variant === null || dirty) {
      await saveTo(document, path)
      return
    }
    const saved = await bridge.request('variants.export', { modelPath: variant.sourcePath, variantId: variant.variant.id, path })
    await tellSaved(saved)
  } catch (error) {
    reportError(error, i18next.t('errors.cannotSave', { name: suggestedName }))
  }
}

/** Hands the model over as it is now, edited or not. An edited one that is not valid is not, and the person is asked. */
async function downloadModel(document: OpenDocument, suggestedName: string, { force }: { readonly force: boolean }): Promise<void> {
  const { documentId } = document
  const bridge = getBridge()
  try {
    const { dirty } = documentState(useEditStore.getState(), documentId)
    const { path } = dirty ? await bridge.request('document.snapshot', { documentId, check: !force }) : document.summary
    await bridge.download?.(path, suggestedName)
    useLogStore.getState().log('info', i18next.t('log.downloaded', { name: suggestedName }))
  } catch (error) {
    refuse(toErrorData(error), { name: suggestedName, force, again: () => downloadModel(document, suggestedName, { force: true }) })
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
  notifications.show({ title: i18next.t('save.done'), message: `${path} · ${size}` })
  await refreshRecent()
}
