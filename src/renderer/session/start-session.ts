import { said } from '../i18n/engine-words'
import { activeDocument, useSessionStore } from '../stores/session-store'
import type { EventPayload } from '#shared/ipc/contract'
import { getBridge } from '../bridge/bridge'
import { useAppStore } from '../stores/app-store'
import { useDevicesStore } from '../stores/devices-store'
import { useEditStore } from '../stores/edit-store'
import { useLogStore } from '../stores/log-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import { receiveJobEvent } from './jobs'
import { followActiveGraph } from './load-graph'
import { openPaths, refreshRecent } from './open-models'
import { reportError } from './report-error'
import { recallProfile, refreshVariants } from './variants'

/** Listens to the shell, learns about the host, and opens what was named on the command line. Called once. */
export async function startSession(): Promise<void> {
  const bridge = getBridge()
  bridge.on('job', (event) => void receiveJobEvent(event).catch((error: unknown) => reportError(error)))
  bridge.on('engine', receiveEngineEvent)
  bridge.on('variants', ({ modelPath }) => void refreshVariants(modelPath))
  bridge.on('devices', useDevicesStore.getState().setList)
  bridge.on('openFiles', ({ paths }) => void openPaths(paths))
  followActiveGraph()
  followSources()
  try {
    const samples = bridge.request('samples.list', {})
    const info = await bridge.request('app.info', {})
    useAppStore.getState().setInfo(info)
    // Needed as soon as a model is open: fetched while the engine reads it, not before the window is painted.
    const views = Promise.all([import('../canvas/graph-canvas'), import('../inspector/inspector')])
    await Promise.all([views, samples.then(useAppStore.getState().setSamples), openPaths(info.openAtStart)])
  } catch (error) {
    reportError(error)
    await refreshRecent()
  }
}

function receiveEngineEvent(event: EventPayload<'engine'>): void {
  useAppStore.getState().setEngine(event)
  useLogStore.getState().log(event.state === 'failed' ? 'error' : event.state === 'ready' ? 'info' : 'warning', said(event.message))
  for (const documentId of event.lostDocuments) {
    useSessionStore.getState().closeDocument(documentId)
    useEditStore.getState().forget(documentId)
  }
}

/** Reads what is kept about every model that is shown: its variants and its last measurement. */
function followSources(): void {
  let shown = ''
  useSessionStore.subscribe((state) => {
    const path = activeDocument(state)?.summary.path ?? ''
    if (path === shown) return
    shown = path
    if (path === '') return
    void recallProfile(path)
    const { bySource } = useVariantsStore.getState()
    if (bySource[path] === undefined && variantAt(bySource, path) === null) void refreshVariants(path)
  })
}
