import { Button, Tooltip } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useAppStore } from '../stores/app-store'
import { keyLabel } from './action'
import { actionById, type ActionId } from './all-actions'
import { runAction, useActionContext } from './use-actions'

interface ActionButtonProps {
  readonly id: ActionId
  readonly emphasis?: 'primary' | 'plain'
  /** A shorter word than the action's title, where space is dear. */
  readonly label?: string
}

/** A button of the top bar: icon, word, and the key on its tip. */
export function ActionButton({ id, emphasis = 'plain', label }: ActionButtonProps): ReactNode {
  const { t } = useTranslation()
  const context = useActionContext()
  const platform = useAppStore((state) => state.info?.platform ?? '')
  const action = actionById(id)
  const Icon = action.icon
  const [key] = action.keys
  const title = t(action.title)
  const word = label ?? title
  return (
    <Tooltip label={key === undefined ? title : `${title}  ${keyLabel(key, platform)}`}>
      <Button
        variant={emphasis === 'primary' ? 'filled' : 'subtle'}
        color={emphasis === 'primary' ? 'accent' : 'gray'}
        leftSection={<Icon size={16} stroke={1.6} aria-hidden />}
        // In a very narrow window the word is hidden.
        aria-label={word}
        disabled={!action.enabled(context)}
        onClick={() => runAction(action)}
      >
        {word}
      </Button>
    </Tooltip>
  )
}
