import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import '@fontsource-variable/inter/wght.css'
import './styles/global.css'
import { createRoot } from 'react-dom/client'
import { App } from './app'
import { createBrowserBridge } from './bridge/browser-bridge'
import { setBridge } from './bridge/bridge'
import { createElectronBridge } from './bridge/electron-bridge'
import { startI18n } from './i18n/start-i18n'
import { reportError } from './session/report-error'
import { startSession } from './session/start-session'
import { useSettingsStore } from './stores/settings-store'

async function start(): Promise<void> {
  const root = document.getElementById('root')
  if (root === null) throw new Error('internal: index.html has no #root')
  const bridge = window.edgefit ? createElectronBridge(window.edgefit) : createBrowserBridge()
  setBridge(bridge)
  // Panels, language and colours come from the settings: drawn without them, the first picture would jump.
  const settings = await bridge.request('settings.get', {}).catch((error: unknown) => {
    queueMicrotask(() => reportError(error))
    return useSettingsStore.getState().settings
  })
  useSettingsStore.getState().setSettings(settings)
  await startI18n(settings.language)
  createRoot(root).render(<App />)
  await startSession()
}

void start()
