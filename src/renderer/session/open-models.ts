import i18next from 'i18next'
import { getBridge } from '../bridge/bridge'
import { fileName } from '../format/format-type'
import { useAppStore } from '../stores/app-store'
import { useLogStore } from '../stores/log-store'
import { useSessionStore } from '../stores/session-store'
import { takeIn } from './drafts'
import { reportError } from './report-error'

/** Opens the models at these paths one after another; a model that is open already is shown. Never throws: failures are told. */
export async function openPaths(paths: readonly string[]): Promise<void> {
  for (const path of paths) await openPath(path)
  await refreshRecent()
}

/** Files from a drop or an input: models are opened; the rest are taken for their external data. */
export async function openFiles(files: readonly File[]): Promise<void> {
  if (files.length === 0) return
  try {
    await openPaths(modelPaths(await getBridge().importFiles(files)))
  } catch (error) {
    reportError(error, i18next.t('errors.cannotImport'))
  }
}

/** The native dialog, or the browser's file input where the host has none. */
export async function openWithDialog(): Promise<void> {
  const bridge = getBridge()
  try {
    if (bridge.host === 'browser') return await openFiles(await pickFiles({ accept: '' }))
    await openPaths((await bridge.request('dialog.open', { purpose: 'model' })) ?? [])
  } catch (error) {
    reportError(error)
  }
}

export async function refreshRecent(): Promise<void> {
  try {
    useAppStore.getState().setRecent(await getBridge().request('recent.list', {}))
  } catch (error) {
    reportError(error)
  }
}

/** Which of several imported files are models. Where none is called so, all are tried, so that the reader says what is wrong. */
export function modelPaths(paths: readonly string[]): readonly string[] {
  const models = paths.filter((path) => /\.onnx$/i.test(path))
  return models.length > 0 ? models : paths
}

interface PickOptions {
  /** As in `<input accept>`; empty for any file. */
  readonly accept: string
  readonly folder?: boolean
}

/** The browser's own file dialog; an empty list when the person cancels. */
export function pickFiles({ accept, folder = false }: PickOptions): Promise<File[]> {
  return new Promise((resolve) => {
    const input = document.createElement('input')
    input.type = 'file'
    input.multiple = true
    input.accept = accept
    input.webkitdirectory = folder
    input.addEventListener('change', () => resolve([...(input.files ?? [])]))
    input.addEventListener('cancel', () => resolve([]))
    input.click()
  })
}

async function openPath(path: string): Promise<void> {
  const session = useSessionStore.getState()
  const open = session.documents.find((document) => document.summary.path === path)
  if (open !== undefined) return session.activate(open.documentId)
  const name = fileName(path)
  session.startOpening({ path, name })
  try {
    takeIn(await getBridge().request('model.open', { path }))
    useLogStore.getState().log('info', i18next.t('log.opened', { name, path }))
  } catch (error) {
    reportError(error, i18next.t('errors.cannotOpen', { name }))
  } finally {
    useSessionStore.getState().stopOpening(path)
  }
}
