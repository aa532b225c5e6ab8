import { ActionIcon, Menu, Tooltip } from '@mantine/core'
import { IconDeviceMobile } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { DeviceEntry } from '#shared/device'
import { said } from '../i18n/engine-words'
import { openPanel } from '../session/panels'
import { useDevicesStore } from '../stores/devices-store'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { deployTo, lookForPhones } from './devices-session'

/** The phones that adb sees, and what to do about those that are not ready; choosing one runs the open model on it. */
export function DeviceMenu(): ReactNode {
  const { t } = useTranslation()
  const list = useDevicesStore((state) => state.list)
  const modelPath = useSessionStore(activeDocument)?.summary.path
  return (
    <Menu position="bottom-end" width={320} onOpen={lookForPhones}>
      <Menu.Target>
        <Tooltip label={t('devices.title')}>
          <ActionIcon aria-label={t('devices.title')}>
            <IconDeviceMobile size={16} stroke={1.6} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{list === null ? t('devices.looking') : (list.problem ? said(list.problem.message) : t(list.devices.length === 0 ? 'devices.none' : 'devices.deployTo'))}</Menu.Label>
        {list?.devices.map((device) => (
          <DeviceItem key={device.serial} device={device} modelPath={modelPath} />
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => openPanel('devices')}>{t('devices.panel')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function DeviceItem({ device: { serial, name, state }, modelPath }: { readonly device: DeviceEntry; readonly modelPath: string | undefined }): ReactNode {
  const { t } = useTranslation()
  const choose = useDevicesStore((store) => store.choose)
  const deploy = (path: string): void => {
    choose(serial)
    openPanel('devices')
    void deployTo([serial], { modelPath: path, options: {}, data: { kind: 'synthetic', samples: 1 } })
  }
  return (
    <Menu.Item disabled={state !== 'ready' || modelPath === undefined} onClick={() => modelPath !== undefined && deploy(modelPath)}>
      <div className="ellipsis">{name}</div>
      <div className="dim">{t(`devices.states.${state}`)}</div>
    </Menu.Item>
  )
}
