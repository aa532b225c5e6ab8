import { ActionIcon, TextInput, Tooltip } from '@mantine/core'
import { IconChevronDown, IconChevronUp, IconListCheck, IconX } from '@tabler/icons-react'
import { useDeferredValue, useEffect, useMemo, useState, type KeyboardEvent, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useCanvasActions } from './canvas-actions'
import styles from './canvas.module.css'
import { useCanvas } from './canvas-store'
import { findMatches } from './scene/find'
import type { Scene } from './scene/scene'
import { useSelectionStore } from '../stores/selection-store'
import { useViewStore } from '../stores/view-store'

/** Find in the graph: matches light up, Enter and the arrows step through them, Escape closes. */
export function FindBar({ scene }: { scene: Scene }): ReactNode {
  const { t } = useTranslation('canvas')
  const actions = useCanvasActions()
  const canvas = useCanvas()
  const [query, setQuery] = useState('')
  const [at, setAt] = useState<number | null>(null)
  const deferred = useDeferredValue(query)
  const { matches, wrong } = useMemo(() => findMatches(scene, deferred), [scene, deferred])
  useEffect(() => {
    canvas.getState().setFound(new Set(matches.map(({ box }) => box)))
    return () => canvas.getState().setFound(new Set())
  }, [matches, canvas])

  const step = (by: 1 | -1) => {
    if (matches.length === 0) return
    const next = at === null ? (by === 1 ? 0 : matches.length - 1) : (at + by + matches.length) % matches.length
    const match = matches[next]
    if (match === undefined) return
    setAt(next)
    useSelectionStore.getState().select(match.selection)
    // Through the view's own wish, which unfolds groups on the way.
    if (match.nodeIds.length > 0) useViewStore.getState().revealNodes(match.nodeIds)
    else actions.reveal([match.box])
  }
  const close = () => useViewStore.getState().setFindOpen(false)
  const selectAll = () => {
    const nodeIds = matches.flatMap(({ selection }) => (selection.kind === 'node' ? [selection.nodeId] : []))
    useSelectionStore.getState().selectNodes(nodeIds)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation()
    if (event.key === 'Escape') close()
    else if (event.key === 'Enter') step(event.shiftKey ? -1 : 1)
    else if (event.key === 'ArrowDown') step(1)
    else if (event.key === 'ArrowUp') step(-1)
    else return
    event.preventDefault()
  }
  const count = query === '' ? '' : wrong !== null ? t('find.wrong', { part: wrong }) : matches.length === 0 ? t('find.none') : t('find.count', { at: at === null ? 0 : at + 1, count: matches.length })
  return (
    <div className={`${styles.card} ${styles.find}`} role="search" aria-label={t('find.label')}>
      <TextInput
        className={styles.findInput ?? ''}
        aria-label={t('find.label')}
        placeholder={t('find.placeholder')}
        value={query}
        error={wrong !== null}
        title={t('find.syntax')}
        data-autofocus
        autoFocus
        onChange={(event) => {
          setQuery(event.currentTarget.value)
          setAt(null)
        }}
        onKeyDown={onKeyDown}
      />
      <span className={styles.findCount} role="status">
        {count}
      </span>
      <FindButton label={t('find.previous')} onClick={() => step(-1)}>
        <IconChevronUp size={16} />
      </FindButton>
      <FindButton label={t('find.next')} onClick={() => step(1)}>
        <IconChevronDown size={16} />
      </FindButton>
      <FindButton label={t('find.selectAll')} onClick={selectAll}>
        <IconListCheck size={16} />
      </FindButton>
      <FindButton label={t('find.close')} onClick={close}>
        <IconX size={16} />
      </FindButton>
    </div>
  )
}

function FindButton({ label, onClick, children }: { label: string; onClick: () => void; children: ReactNode }): ReactNode {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  )
}
