import { ActionIcon, Kbd, Menu, Tooltip, UnstyledButton } from '@mantine/core'
import { IconCheck, IconLanguage, IconSearch, IconSun } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ActionButton } from '../actions/action-button'
import { ActionIconButton } from '../actions/action-icon-button'
import { keyLabel } from '../actions/action'
import { actionById, type ActionId } from '../actions/all-actions'
import { runAction } from '../actions/use-actions'
import { DeviceMenu } from '../devices/device-menu'
import { useAppStore } from '../stores/app-store'
import { panelLayout, useSettingsStore } from '../stores/settings-store'
import { Logo } from './logo'
import { openPalette } from './palette-host'
import styles from './shell.module.css'

export function TopBar(): ReactNode {
  const { t } = useTranslation()
  const settings = useSettingsStore((state) => state.settings)
  const platform = useAppStore((state) => state.info?.platform ?? '')
  const { leftOpen, rightOpen } = panelLayout(settings)
  return (
    <header className={styles.topBar}>
      <div className={styles.brand}>
        <Logo />
        <span className={styles.brandName}>{t('app.name')}</span>
      </div>
      <ActionButton id="open" label={t('actions.openShort')} />
      <ActionButton id="save" label={t('actions.saveShort')} />
      <ActionButton id="save-as" label={t('actions.saveAsShort')} />
      <ActionIconButton id="undo" />
      <ActionIconButton id="redo" />
      <div className={styles.divider} />
      <ActionButton id="optimize" emphasis="primary" label={t('actions.optimizeShort')} />
      <ActionButton id="profile" label={t('actions.profileShort')} />
      <DeviceMenu />
      <UnstyledButton className={styles.search} onClick={openPalette} aria-label={t('palette.open')}>
        <IconSearch size={14} aria-hidden />
        <span className="ellipsis">{t('palette.open')}</span>
        <Kbd size="xs">{keyLabel('mod+K', platform)}</Kbd>
      </UnstyledButton>
      <ActionIconButton id="left-panel" pressed={leftOpen} />
      <ActionIconButton id="right-panel" pressed={rightOpen} />
      <div className={styles.divider} />
      <ActionIconButton id="shortcuts" />
      <ChoiceMenu label={t('settings.theme')} icon={<IconSun size={16} stroke={1.6} aria-hidden />} chosen={`theme-${settings.theme}`} choices={['theme-system', 'theme-light', 'theme-dark']} />
      <ChoiceMenu
        label={t('settings.language')}
        icon={<IconLanguage size={16} stroke={1.6} aria-hidden />}
        chosen={`language-${settings.language}`}
        choices={['language-system', 'language-en', 'language-zh']}
      />
    </header>
  )
}

interface ChoiceMenuProps {
  readonly label: string
  readonly icon: ReactNode
  readonly chosen: string
  readonly choices: readonly ActionId[]
}

function ChoiceMenu({ label, icon, chosen, choices }: ChoiceMenuProps): ReactNode {
  const { t } = useTranslation()
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Tooltip label={label}>
          <ActionIcon aria-label={label}>{icon}</ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {choices.map((id) => {
          const action = actionById(id)
          return (
            <Menu.Item
              key={id}
              role="menuitemradio"
              aria-checked={id === chosen}
              onClick={() => runAction(action)}
              leftSection={<IconCheck size={14} aria-hidden visibility={id === chosen ? 'visible' : 'hidden'} />}
            >
              {t(action.title)}
            </Menu.Item>
          )
        })}
      </Menu.Dropdown>
    </Menu>
  )
}
