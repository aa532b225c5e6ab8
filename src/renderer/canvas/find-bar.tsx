import { ActionIcon, TextInput, Tooltip, UnstyledButton } from '@mantine/core'
import { IconChevronDown, IconChevronUp, IconListCheck, IconX } from '@tabler/icons-react'
import { useDeferredValue, useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useCanvasActions } from './canvas-actions'
import styles from './canvas.module.css'
import { useCanvas } from './canvas-store'
import { findMatches, type Match } from './scene/find'
import type { Scene } from './scene/scene'
import { useSelectionStore } from '../stores/selection-store'
import { useViewStore } from '../stores/view-store'

/** Find in the graph: matches light up, Enter and the arrows step through them, Escape closes. */
export function FindBar({ scene }: { scene: Scene }): ReactNode {
  const { t } = useTranslation('canvas')
  const actions = useCanvasActions()
  const canvas = useCanvas()
  const query = useViewStore((state) => state.findQuery)
  const [at, setAt] = useState<number | null>(null)
  const deferred = useDeferredValue(query)
  const { matches, wrong } = useMemo(() => findMatches(scene, deferred), [scene, deferred])
  useEffect(() => {
    canvas.getState().setFound(new Set(matches.map(({ box }) => box)))
    return () => canvas.getState().setFound(new Set())
  }, [matches, canvas])

  const step = (by: 1 | -1) => {
    if (matches.length > 0) goTo(at === null ? (by === 1 ? 0 : matches.length - 1) : (at + by + matches.length) % matches.length)
  }
  const goTo = (place: number) => {
    const match = matches[place]
    if (match === undefined) return
    setAt(place)
    useSelectionStore.getState().select(match.selection)
    // Through the view's own wish, which unfolds groups on the way.
    if (match.nodeIds.length > 0) useViewStore.getState().revealNodes(match.nodeIds)
    else actions.reveal([match.box])
  }
  const bar = useRef<HTMLDivElement>(null)
  const close = () => {
    // The arrow keys go on from what was found.
    bar.current?.closest<HTMLElement>('[role="application"]')?.focus({ preventScroll: true })
    useViewStore.getState().setFindOpen(false)
  }
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
    <div ref={bar} className={`${styles.card} ${styles.find}`} role="search" aria-label={t('find.label')}>
      <div className={styles.findBar}>
        <TextInput
          className={styles.findInput ?? ''}
          aria-label={t('find.label')}
          placeholder={t('find.placeholder')}
          value={query}
          error={wrong !== null}
          title={t('find.syntax')}
          data-autofocus
          autoFocus
          onFocus={(event) => event.currentTarget.select()}
          onChange={(event) => {
            useViewStore.getState().setFindQuery(event.currentTarget.value)
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
      {matches.length > 0 && <MatchList matches={matches} at={at} onChoose={goTo} />}
    </div>
  )
}

/** More are reached by stepping, or found by a longer query. */
const LISTED = 200

interface MatchListProps {
  readonly matches: readonly Match[]
  readonly at: number | null
  readonly onChoose: (place: number) => void
}

function MatchList({ matches, at, onChoose }: MatchListProps): ReactNode {
  const { t } = useTranslation('canvas')
  const current = useRef<HTMLLIElement>(null)
  const hover = useSelectionStore((state) => state.hover)
  useEffect(() => {
    void current.current?.scrollIntoView({ block: 'nearest' })
  }, [at])
  return (
    <ul className={styles.matches} aria-label={t('find.matches')} onPointerLeave={() => hover(null)}>
      {matches.slice(0, LISTED).map(({ label, detail, selection, nodeIds }, place) => (
        <li key={place} ref={place === at ? current : null}>
          <UnstyledButton
            className={styles.match}
            aria-current={place === at || undefined}
            title={detail === '' ? label : `${label}\n${detail}`}
            onClick={() => onChoose(place)}
            onPointerEnter={() => hover('name' in selection ? { kind: 'value', name: selection.name } : { kind: 'nodes', nodeIds })}
          >
            <span className="ellipsis">{label}</span>
            <span className="dim">{detail}</span>
          </UnstyledButton>
        </li>
      ))}
      {matches.length > LISTED && <li className={styles.furtherMatches}>{t('find.further', { count: matches.length - LISTED })}</li>}
    </ul>
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
