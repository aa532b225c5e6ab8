import '@mantine/spotlight/styles.css'
import { Kbd } from '@mantine/core'
import { Spotlight, spotlight, type SpotlightActionGroupData } from '@mantine/spotlight'
import { IconCube, IconSearch } from '@tabler/icons-react'
import { useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { localized } from '../i18n/localized'
import { openPaths } from '../session/open-models'
import { useAppStore } from '../stores/app-store'
import { useViewStore } from '../stores/view-store'
import type { Action, ActionGroup } from './action'
import { keyLabel } from './action'
import { actions } from './all-actions'
import { runAction, useActionContext } from './use-actions'

const GROUPS: readonly ActionGroup[] = ['file', 'edit', 'model', 'view', 'window', 'settings']

/** Every action with its key, recent files and samples, found by typing. Loaded when first asked for, and opens by itself then. */
export default function CommandPalette(): ReactNode {
  const { t } = useTranslation()
  const context = useActionContext()
  const platform = useAppStore((state) => state.info?.platform ?? '')
  const recent = useAppStore((state) => state.recent)
  const samples = useAppStore((state) => state.samples)
  const [query, setQuery] = useState('')
  // Only once it is drawn: it gives the focus back to what had it when it opened.
  useEffect(() => spotlight.open(), [])

  const groups: SpotlightActionGroupData[] = GROUPS.map((group) => ({
    group: t(`palette.groups.${group}`),
    actions: actions
      .filter((action: Action) => action.group === group && action.enabled(context))
      .map((action: Action) => {
        const Icon = action.icon
        const [key] = action.keys
        return {
          id: action.id,
          label: t(action.title),
          leftSection: <Icon size={18} stroke={1.6} aria-hidden />,
          ...(key !== undefined && { rightSection: <Kbd>{keyLabel(key, platform)}</Kbd> }),
          onClick: () => runAction(action),
        }
      }),
  }))
  const file = (id: string, path: string, label: string, description: string) => ({
    id,
    label,
    description,
    leftSection: <IconCube size={18} stroke={1.6} aria-hidden />,
    onClick: () => void openPaths([path]),
  })
  groups.push({ group: t('palette.groups.recent'), actions: recent.filter(({ exists }) => exists).map(({ path, name }) => file(`recent ${path}`, path, name, path)) })
  groups.push({ group: t('palette.groups.samples'), actions: samples.map(({ id, path, title, description }) => file(`sample ${id}`, path, localized(title), localized(description))) })
  const wanted = query.trim()
  if (wanted !== '' && context.modelOpen) {
    const find = () => {
      useViewStore.getState().setFindQuery(wanted)
      useViewStore.getState().setFindOpen(true)
    }
    groups.push({ group: t('palette.groups.graph'), actions: [{ id: 'find in graph', label: t('palette.find', { query: wanted }), leftSection: <IconSearch size={18} stroke={1.6} aria-hidden />, onClick: find }] })
  }

  return (
    <Spotlight
      query={query}
      onQueryChange={setQuery}
      actions={groups.filter((group) => group.actions.length > 0)}
      shortcut={null}
      highlightQuery
      scrollable
      maxHeight={420}
      overlayProps={{ blur: 0, backgroundOpacity: 0.35 }}
      nothingFound={t('palette.nothing')}
      searchProps={{ leftSection: <IconSearch size={18} aria-hidden />, placeholder: t('palette.placeholder'), 'aria-label': t('palette.placeholder') }}
    />
  )
}
