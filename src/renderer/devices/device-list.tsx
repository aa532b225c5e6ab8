import { ActionIcon, Menu, UnstyledButton } from '@mantine/core'
import { IconDots, IconQrcode, IconRefresh, IconSettings, IconWifi } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { NETWORK_SERIAL } from '#shared/deploy'
import type { DeviceEntry } from '#shared/device'
import { said } from '../i18n/engine-words'
import { isUnfinished, useJobsStore } from '../stores/jobs-store'
import { useDevicesStore } from '../stores/devices-store'
import { lookForPhones } from './devices-session'
import styles from './devices-panel.module.css'

export type ConnectTab = 'connect' | 'code' | 'qr' | 'adb'

/** The phones that adb sees, and the way to those it does not. */
export function DeviceList({ onConnect }: { readonly onConnect: (tab: ConnectTab) => void }): ReactNode {
  const { t } = useTranslation('phones')
  const list = useDevicesStore((state) => state.list)
  return (
    <section className={styles.column} aria-label={t('list.title')}>
      <div className={styles.head}>
        <h2>{t('list.title')}</h2>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t('list.again')} title={t('list.again')} onClick={lookForPhones}>
          <IconRefresh size={15} stroke={1.6} aria-hidden />
        </ActionIcon>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t('list.connect')}>
              <IconDots size={15} stroke={1.6} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconWifi size={14} aria-hidden />} onClick={() => onConnect('connect')}>
              {t('list.connect')}
            </Menu.Item>
            <Menu.Item leftSection={<IconSettings size={14} aria-hidden />} onClick={() => onConnect('adb')}>
              {t('list.settings')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      <div className={styles.body}>
        <Problem />
        <ul className={styles.phones}>
          {list?.devices.map((device) => (
            <PhoneItem key={device.serial} device={device} />
          ))}
          <NetworkItem />
        </ul>
      </div>
    </section>
  )
}

/** Why there are no phones: adb's own reason, or that none is plugged in. */
function Problem(): ReactNode {
  const { t } = useTranslation('phones')
  const list = useDevicesStore((state) => state.list)
  if (list === null) return <p className={styles.empty}>{t('list.looking')}</p>
  if (list.problem !== null) {
    return (
      <p className={styles.empty} role="alert">
        <span className="bad">{said(list.problem.message)}</span> {said(list.problem.hint ?? '')}
      </p>
    )
  }
  return list.devices.length === 0 ? <p className={styles.empty}>{t('list.none')}</p> : null
}

function PhoneItem({ device: { serial, name, state } }: { readonly device: DeviceEntry }): ReactNode {
  const { t } = useTranslation('phones')
  const chosen = useDevicesStore((store) => store.chosen === serial)
  const choose = useDevicesStore((store) => store.choose)
  const facts = useDevicesStore((store) => store.facts[serial])
  const percent = useDeployPercent(serial)
  return (
    <li>
      <UnstyledButton className={styles.phone ?? ''} aria-pressed={chosen} onClick={() => choose(serial)} title={serial}>
        <span className={styles.phoneName}>
          <span className={styles.state} data-state={state} aria-hidden />
          <span className="ellipsis">{facts?.model ?? name}</span>
        </span>
        <span className={`${styles.phoneState} ellipsis`}>
          {t(`states.${state}`)}
          {percent !== null && ` · ${percent} %`}
          {name !== serial || facts?.model ? ` · ${serial}` : ''}
        </span>
      </UnstyledButton>
    </li>
  )
}

function NetworkItem(): ReactNode {
  const { t } = useTranslation('phones')
  const chosen = useDevicesStore((store) => store.chosen === NETWORK_SERIAL)
  const choose = useDevicesStore((store) => store.choose)
  return (
    <li>
      <UnstyledButton className={styles.phone ?? ''} aria-pressed={chosen} onClick={() => choose(NETWORK_SERIAL)} title={t('list.networkHint')}>
        <span className={styles.phoneName}>
          <IconQrcode size={13} stroke={1.6} aria-hidden />
          <span className="ellipsis">{t('list.network')}</span>
        </span>
        <span className={styles.phoneState}>{t('list.networkHint')}</span>
      </UnstyledButton>
    </li>
  )
}

/** How far the deploy to a phone is, 0…100; null where none is under way. */
function useDeployPercent(serial: string): number | null {
  const jobId = useDevicesStore((store) => store.deploys[serial])
  return useJobsStore((store) => {
    const job = store.jobs.find((candidate) => candidate.jobId === jobId)
    if (job === undefined || !isUnfinished(job)) return null
    return job.state === 'running' ? Math.round((job.progress.fraction ?? 0) * 100) : 0
  })
}
