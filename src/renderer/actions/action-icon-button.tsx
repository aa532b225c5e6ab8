import { ActionIcon, Tooltip } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useAppStore } from '../stores/app-store'
import { keyLabel } from './action'
import { actionById, type ActionId } from './all-actions'
import { runAction, useActionContext } from './use-actions'

interface ActionIconButtonProps {
  readonly id: ActionId
  /** For toggles: whether it is on. */
  readonly pressed?: boolean
}

/** The small form of an action: an icon whose tip has the title and the key. */
export function ActionIconButton({ id, pressed }: ActionIconButtonProps): ReactNode {
  const { t } = useTranslation()
  const context = useActionContext()
  const platform = useAppStore((state) => state.info?.platform ?? '')
  const action = actionById(id)
  const Icon = action.icon
  const [key] = action.keys
  const title = t(action.title)
  const enabled = action.enabled(context)
  return (
    <Tooltip label={key === undefined ? title : `${title}  ${keyLabel(key, platform)}`}>
      <ActionIcon
        variant={pressed === true ? 'light' : 'subtle'}
        color={pressed === true ? 'accent' : 'gray'}
        aria-label={title}
        {...(pressed !== undefined && { 'aria-pressed': pressed })}
        // Disabled by attribute it would have no tip, and nobody would learn what the icon means.
        {...(!enabled && { 'data-disabled': true, 'aria-disabled': true })}
        onClick={() => enabled && runAction(action)}
      >
        <Icon size={16} stroke={1.6} aria-hidden />
      </ActionIcon>
    </Tooltip>
  )
}
