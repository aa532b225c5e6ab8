import { Kbd, Modal } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { keyLabel, type Action, type ActionGroup } from '../actions/action'
import { actions } from '../actions/all-actions'
import { useAppStore } from '../stores/app-store'
import { useDialogsStore } from '../stores/dialogs-store'
import styles from './shortcuts-dialog.module.css'

const GROUPS: readonly ActionGroup[] = ['file', 'edit', 'model', 'view', 'window']

/** Further ones are the same on other keyboards. */
const SHOWN_KEYS = 2

/** Every key, and what the pointer does on the graph. */
export default function ShortcutsDialog(): ReactNode {
  const { t } = useTranslation()
  const opened = useDialogsStore((state) => state.shortcutsOpen)
  const platform = useAppStore((state) => state.info?.platform ?? '')
  const close = (): void => useDialogsStore.getState().setShortcutsOpen(false)
  return (
    <Modal opened={opened} onClose={close} title={t('actions.shortcuts')} size={880}>
      <div className={styles.columns}>
        <Gestures platform={platform} />
        {GROUPS.map((group) => (
          <Keys key={group} title={t(`palette.groups.${group}`)} entries={keysOf(group).map(({ title, keys }) => ({ keys: keys.slice(0, SHOWN_KEYS).map((key) => keyLabel(key, platform)), text: t(title) }))} />
        ))}
      </div>
    </Modal>
  )
}

type KeyedAction = Pick<Action, 'group' | 'title' | 'keys'>

/** Opening the palette is no action of the palette. */
const palette: KeyedAction = { group: 'window', title: 'palette.open', keys: ['mod+K'] }

function keysOf(group: ActionGroup): KeyedAction[] {
  return [palette, ...actions].filter((action: KeyedAction) => action.group === group && action.keys.length > 0)
}

interface KeysProps {
  readonly title: string
  readonly entries: readonly { readonly keys: readonly string[]; readonly text: string }[]
}

function Keys({ title, entries }: KeysProps): ReactNode {
  return (
    <section className={styles.group} aria-label={title}>
      <h3>{title}</h3>
      <dl>
        {entries.map(({ keys, text }) => (
          <div key={`${text} ${keys.join()}`} className={styles.entry}>
            <dt>{text}</dt>
            <dd>
              {keys.map((key) => (
                <Kbd key={key} size="xs">
                  {key}
                </Kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function Gestures({ platform }: { readonly platform: string }): ReactNode {
  const { t } = useTranslation('canvas')
  const names = { mod: keyLabel('mod', platform), shift: keyLabel('shift', platform) }
  const entries = [
    { keys: [t('gestures.drag')], text: t('gestures.move') },
    { keys: [t('gestures.wheel')], text: t('gestures.scroll') },
    { keys: [t('gestures.zoomWheel', names)], text: t('gestures.zoom') },
    { keys: [t('gestures.frame', names)], text: t('gestures.frameText') },
    { keys: [t('gestures.add', names)], text: t('gestures.addText') },
    { keys: [t('gestures.port')], text: t('gestures.portText') },
    { keys: [t('gestures.open'), t('gestures.enter')], text: t('gestures.openText') },
    { keys: [t('gestures.menu')], text: t('gestures.menuText') },
    { keys: [t('gestures.arrows')], text: t('gestures.arrowsText') },
    { keys: [t('gestures.escape')], text: t('gestures.escapeText') },
  ]
  return <Keys title={t('gestures.title')} entries={entries} />
}
