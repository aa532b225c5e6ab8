import { MantineProvider } from '@mantine/core'
import { ModalsProvider } from '@mantine/modals'
import { useEffect, useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { changeLanguage } from './i18n/start-i18n'
import { reportError } from './session/report-error'
import { Notices } from './shell/notices'
import { Shell } from './shell/shell'
import { useSettingsStore } from './stores/settings-store'
import { studioTheme } from './theme'
import { useColorScheme } from '@mantine/hooks'

export function App(): ReactNode {
  const { theme: chosen, language } = useSettingsStore((state) => state.settings)
  const system = useColorScheme('light', { getInitialValueInEffect: false })
  const closeLabel = useTranslation().t('common.close')
  const theme = useMemo(() => studioTheme(closeLabel), [closeLabel])
  useEffect(() => {
    changeLanguage(language).catch((error: unknown) => reportError(error))
  }, [language])
  return (
    <MantineProvider theme={theme} forceColorScheme={chosen === 'system' ? system : chosen}>
      <Notices />
      <ModalsProvider>
        <Shell />
      </ModalsProvider>
    </MantineProvider>
  )
}
