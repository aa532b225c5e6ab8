import { Alert, Button, Group, Modal, NumberInput, Stack, Tabs, TextInput } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { RequestResult } from '#shared/ipc/contract'
import { getBridge } from '../bridge/bridge'
import { said } from '../i18n/engine-words'
import { updateSettings } from '../session/settings'
import { useSettingsStore } from '../stores/settings-store'
import type { ConnectTab } from './device-list'
import { lookForPhones } from './devices-session'
import QrCode from './qr-code'
import styles from './devices-panel.module.css'

interface ConnectDialogProps {
  readonly tab: ConnectTab
  readonly onTab: (tab: ConnectTab) => void
  readonly onClose: () => void
}

const TABS: readonly ConnectTab[] = ['connect', 'code', 'qr', 'adb']

/** Phones without a cable, and where adb is. */
export default function ConnectDialog({ tab, onTab, onClose }: ConnectDialogProps): ReactNode {
  const { t } = useTranslation('phones')
  const { t: common } = useTranslation()
  return (
    <Modal opened onClose={onClose} size={460} title={t('connect.title')} closeButtonProps={{ 'aria-label': common('common.close') }}>
      <Tabs value={tab} onChange={(value) => onTab(TABS.find((name) => name === value) ?? 'connect')} keepMounted={false}>
        <Tabs.List mb={12}>
          {TABS.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`connect.tabs.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="connect">
          <ConnectForm />
        </Tabs.Panel>
        <Tabs.Panel value="code">
          <PairForm />
        </Tabs.Panel>
        <Tabs.Panel value="qr">
          <QrPairing />
        </Tabs.Panel>
        <Tabs.Panel value="adb">
          <AdbForm />
        </Tabs.Panel>
      </Tabs>
    </Modal>
  )
}

interface Attempt {
  readonly busy: boolean
  readonly done: string | null
  readonly problem: { readonly message: string; readonly hint: string } | null
}

/** One request at a time, its outcome in words under the form. */
function useAttempt(): Attempt & { readonly run: (work: () => Promise<string>) => void } {
  const [state, setState] = useState<Attempt>({ busy: false, done: null, problem: null })
  const run = (work: () => Promise<string>): void => {
    setState({ busy: true, done: null, problem: null })
    work().then(
      (done) => setState({ busy: false, done, problem: null }),
      (error: unknown) => setState({ busy: false, done: null, problem: problemOf(error) }),
    )
  }
  return { ...state, run }
}

function problemOf(error: unknown): { message: string; hint: string } {
  const { message, hint } = error as { message?: string; hint?: string }
  return { message: message ?? String(error), hint: hint ?? '' }
}

function Outcome({ done, problem }: Pick<Attempt, 'done' | 'problem'>): ReactNode {
  if (problem !== null) {
    return (
      <Alert color="red" variant="light" title={said(problem.message)}>
        {said(problem.hint ?? '')}
      </Alert>
    )
  }
  return done === null ? null : (
    <p role="status" className="good">
      {done}
    </p>
  )
}

function ConnectForm(): ReactNode {
  const { t } = useTranslation('phones')
  const [address, setAddress] = useState('')
  const attempt = useAttempt()
  const connect = (): void =>
    attempt.run(async () => {
      const { serial } = await getBridge().request('devices.connect', { address: address.trim() })
      lookForPhones()
      return t('connect.connected', { serial })
    })
  return (
    <Form onSubmit={connect} action={t('connect.connect')} disabled={address.trim() === ''} attempt={attempt}>
      <p className={styles.why}>{t('connect.intro')}</p>
      <TextInput label={t('connect.address')} description={t('connect.addressHint')} placeholder="192.168.1.20:5555" value={address} onChange={(event) => setAddress(event.currentTarget.value)} data-autofocus />
    </Form>
  )
}

function PairForm(): ReactNode {
  const { t } = useTranslation('phones')
  const [address, setAddress] = useState('')
  const [code, setCode] = useState('')
  const attempt = useAttempt()
  const pair = (): void =>
    attempt.run(async () => {
      await getBridge().request('devices.pair', { address: address.trim(), code: code.trim() })
      return t('connect.paired')
    })
  return (
    <Form onSubmit={pair} action={t('connect.pair')} disabled={address.trim() === '' || !/^\d{6}$/.test(code.trim())} attempt={attempt}>
      <p className={styles.why}>{t('connect.intro')}</p>
      <Group grow align="start">
        <TextInput label={t('connect.pairAddress')} description={t('connect.pairHint')} placeholder="192.168.1.20:37123" value={address} onChange={(event) => setAddress(event.currentTarget.value)} data-autofocus />
        <TextInput label={t('connect.code')} inputMode="numeric" maxLength={6} value={code} onChange={(event) => setCode(event.currentTarget.value)} />
      </Group>
    </Form>
  )
}

function QrPairing(): ReactNode {
  const { t } = useTranslation('phones')
  const [pairing, setPairing] = useState<RequestResult<'devices.qrPairing'> | null>(null)
  const attempt = useAttempt()
  const start = (): void =>
    attempt.run(async () => {
      const made = await getBridge().request('devices.qrPairing', {})
      setPairing(made)
      try {
        await getBridge().request('devices.awaitQrPairing', { service: made.service, password: made.password })
      } finally {
        setPairing(null)
      }
      return t('connect.paired')
    })
  return (
    <Form onSubmit={start} action={t('connect.makeQr')} disabled={false} attempt={attempt}>
      {pairing === null ? (
        <p className={styles.why}>{t('connect.intro')}</p>
      ) : (
        <div className={styles.qr}>
          <QrCode text={pairing.text} label={t('connect.tabs.qr')} />
          <p>{t('connect.scanQr')}</p>
        </div>
      )}
    </Form>
  )
}

function AdbForm(): ReactNode {
  const { t } = useTranslation('phones')
  const adb = useSettingsStore((state) => state.settings.adb)
  const [path, setPath] = useState(adb.path ?? '')
  const [port, setPort] = useState<number | ''>(adb.port ?? '')
  const attempt = useAttempt()
  const save = (): void =>
    attempt.run(async () => {
      updateSettings({ adb: { path: path.trim() || null, port: port === '' ? null : port } })
      lookForPhones()
      return t('connect.saved')
    })
  return (
    <Form onSubmit={save} action={t('connect.save')} disabled={false} attempt={attempt}>
      <TextInput label={t('connect.path')} description={t('connect.pathHint')} value={path} onChange={(event) => setPath(event.currentTarget.value)} data-autofocus />
      <NumberInput label={t('connect.port')} description={t('connect.portHint')} value={port} min={1} max={65_535} allowDecimal={false} onChange={(value) => setPort(typeof value === 'number' ? value : '')} />
    </Form>
  )
}

interface FormProps {
  readonly onSubmit: () => void
  readonly action: string
  readonly disabled: boolean
  readonly attempt: Attempt
  readonly children: ReactNode
}

function Form({ onSubmit, action, disabled, attempt, children }: FormProps): ReactNode {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      <Stack gap={12}>
        {children}
        <Outcome done={attempt.done} problem={attempt.problem} />
        <Group justify="flex-end">
          <Button type="submit" loading={attempt.busy} disabled={disabled}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
