import { MantineProvider } from '@mantine/core'
import { ModalsProvider } from '@mantine/modals'
import { Notifications } from '@mantine/notifications'
import { useEffect, type ReactNode } from 'react'
import { changeLanguage } from './i18n/start-i18n'
import { reportError } from './session/report-error'
import { Shell } from './shell/shell'
import { useSettingsStore } from './stores/settings-store'
import { theme } from './theme'
import { useColorScheme } from '@mantine/hooks'

export function App(): ReactNode {
  const { theme: chosen, language } = useSettingsStore((state) => state.settings)
  const system = useColorScheme('light', { getInitialValueInEffect: false })
  useEffect(() => {
    changeLanguage(language).catch((error: unknown) => reportError(error))
  }, [language])
  return (
    <MantineProvider theme={theme} forceColorScheme={chosen === 'system' ? system : chosen}>
      {/* In a corner they would cover the main button of a panel. */}
      <Notifications position="bottom-center" limit={4} />
      <ModalsProvider>
        <Shell />
      </ModalsProvider>
    </MantineProvider>
  )
}
