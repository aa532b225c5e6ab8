/** What is entered or unfolded on one side is entered and unfolded on the other. */
import { useEffect } from 'react'
import type { ComparedPair } from '../../stores/compare-store'
import { unfoldedGroups, useGroupsStore } from '../../stores/groups-store'
import { graphIdOf, graphKey, useSessionStore, type SessionState } from '../../stores/session-store'
import type { CanvasStore } from '../canvas-store'
import type { CompareIndex, Side } from './compare-index'
import { partnerGroup } from './partner-group'

const SIDES = ['a', 'b'] as const

function otherSide(side: Side): Side {
  return side === 'a' ? 'b' : 'a'
}

/** Shows the graph that the one in front was compared with; where it has none, the other side stays where it is. */
export function useFollowingGraphs(pair: ComparedPair, index: CompareIndex | null): void {
  useEffect(() => {
    if (index === null) return undefined
    const follow = (state: SessionState): void => {
      const side = state.activeDocumentId === pair.a ? 'a' : state.activeDocumentId === pair.b ? 'b' : null
      if (side === null) return
      const path = (state.graphPaths[pair[side]] ?? []).map((graphId) => index.graphs[side].get(graphId))
      const known = path.filter((graphId) => graphId !== undefined)
      const shown = graphIdOf(state, pair[otherSide(side)])
      // Nothing to follow in a model that has just been closed: asking the store again would never end.
      if (shown === null || known.length !== path.length || known.at(-1) === shown) return
      state.showGraphPath(pair[otherSide(side)], known)
    }
    follow(useSessionStore.getState())
    return useSessionStore.subscribe(follow)
  }, [pair, index])
}

export function useFollowingGroups(pair: ComparedPair, index: CompareIndex | null, stores: Readonly<Record<Side, CanvasStore>>): void {
  useEffect(() => {
    if (index === null) return undefined
    const keyOf = (side: Side): string => graphKey(pair[side], graphIdOf(useSessionStore.getState(), pair[side]) ?? 0)
    const counterparts = (side: Side, groupIds: readonly string[]): string[] => {
      const [from, to] = [stores[side].getState().scene, stores[otherSide(side)].getState().scene]
      if (from === null || to === null) return []
      return groupIds.flatMap((id) => partnerGroup(id, from.levelled.tree, to.levelled.tree, index.partners[side]) ?? [])
    }
    return useGroupsStore.subscribe((state, before) => {
      for (const side of SIDES) {
        const [now, then] = [unfoldedGroups(state, keyOf(side)), unfoldedGroups(before, keyOf(side))]
        if (now === then) continue
        const [opened, closed] = [[...now].filter((id) => !then.has(id)), [...then].filter((id) => !now.has(id))]
        if (opened.length > 0) state.unfold(keyOf(otherSide(side)), counterparts(side, opened))
        if (closed.length > 0) state.fold(keyOf(otherSide(side)), counterparts(side, closed))
      }
    })
  }, [pair, index, stores])
}
