/** What a person does to all groups of the graph shown. */
import { focusedCanvas } from './canvas-store'
import { useGroupsStore } from '../stores/groups-store'
import { activeGraphId, graphKey, useSessionStore } from '../stores/session-store'

/** Shows the graph with groups or without, whichever it is not now. */
export function toggleGrouping(): void {
  const grouped = (focusedCanvas().getState().scene?.levelled.tree.groups.length ?? 0) > 0
  useGroupsStore.getState().setMode(grouped ? 'off' : 'on')
}

export function unfoldAllGroups(): void {
  const { setMode, unfold } = useGroupsStore.getState()
  const groups = focusedCanvas().getState().scene?.levelled.tree.groups ?? []
  if (groups.length === 0) return setMode('on')
  unfold(shownGraphKey(), groups.map(({ id }) => id))
}

export function foldAllGroups(): void {
  useGroupsStore.getState().foldAll(shownGraphKey())
}

function shownGraphKey(): string {
  const state = useSessionStore.getState()
  return graphKey(state.activeDocumentId ?? '', activeGraphId(state) ?? 0)
}
