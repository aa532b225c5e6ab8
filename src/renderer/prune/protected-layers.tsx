import { Button, Pill, Tooltip } from '@mantine/core'
import type { ReactNode } from 'react'
import { activeGraph, useSessionStore } from '../stores/session-store'
import { selectedNodeIds, useSelectionStore } from '../stores/selection-store'
import { usePruneTexts } from './prune-texts'
import styles from './prune.module.css'

interface ProtectedLayersProps {
  readonly names: readonly string[]
  readonly onChange: (names: readonly string[]) => void
}

/** Layers that keep their channels, taken from what is selected in the graph. */
export function ProtectedLayers({ names, onChange }: ProtectedLayersProps): ReactNode {
  const t = usePruneTexts()
  const graph = useSessionStore(activeGraph)
  const selection = useSelectionStore((state) => state.selection)
  const ids = new Set(selectedNodeIds(selection))
  const selected = (graph?.nodes ?? []).flatMap(({ id, name }) => (ids.has(id) && name !== '' && !names.includes(name) ? [name] : []))
  return (
    <div>
      <Tooltip label={t('protectHint')} disabled={selected.length > 0}>
        <Button size="compact-xs" variant="default" {...(selected.length === 0 && { 'data-disabled': true })} aria-disabled={selected.length === 0} onClick={() => selected.length > 0 && onChange([...names, ...selected])}>
          {t('protect')}
        </Button>
      </Tooltip>
      {names.length > 0 && (
        <div className={styles.names} role="list" aria-label={t('protectedLayers')}>
          {names.map((name) => (
            <Pill key={name} role="listitem" size="sm" mt={6} withRemoveButton removeButtonProps={{ 'aria-label': t('unprotect', { name }) }} onRemove={() => onChange(names.filter((other) => other !== name))}>
              {name}
            </Pill>
          ))}
        </div>
      )}
    </div>
  )
}
