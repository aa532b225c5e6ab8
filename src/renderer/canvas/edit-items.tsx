/** Entries of the context menu that change the model. */
import { Menu } from '@mantine/core'
import { IconArrowBarRight, IconPlus } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { keyLabel } from '../actions/action'
import { actionById, type ActionId } from '../actions/all-actions'
import { runAction, useActionContext } from '../actions/use-actions'
import { editDocument, shownGraph } from '../session/edit-document'
import { useAppStore } from '../stores/app-store'
import { useEditStore } from '../stores/edit-store'

/** The same actions as the command palette's, where they make sense. */
export function ActionItems({ ids }: { readonly ids: readonly ActionId[] }): ReactNode {
  const { t } = useTranslation()
  const context = useActionContext()
  const platform = useAppStore((state) => state.info?.platform ?? '')
  return ids.map(actionById).map((action) => {
    if (!action.enabled(context)) return null
    const Icon = action.icon
    const [key] = action.keys
    return (
      <Menu.Item key={action.id} leftSection={<Icon size={14} aria-hidden />} rightSection={key === undefined ? null : <span className="dim">{keyLabel(key, platform)}</span>} onClick={() => runAction(action)}>
        {t(action.title)}
      </Menu.Item>
    )
  })
}

/** What can be done with the value an edge carries. */
export function ValueItems({ value }: { readonly value: string }): ReactNode {
  const { t } = useTranslation('edit')
  const giveOut = (): void => {
    const shown = shownGraph()
    if (shown !== null) void editDocument(t('labels.output', { name: value }), [{ kind: 'addOutput', graph: shown.graphId, name: value }])
  }
  return (
    <>
      <Menu.Item leftSection={<IconPlus size={14} aria-hidden />} onClick={() => useEditStore.getState().setAdding({ kind: 'edge', value })}>
        {t('value.insert')}
      </Menu.Item>
      <Menu.Item leftSection={<IconArrowBarRight size={14} aria-hidden />} onClick={giveOut}>
        {t('value.makeOutput')}
      </Menu.Item>
    </>
  )
}
