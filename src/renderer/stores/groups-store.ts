/** Whether graphs are shown with their groups, and which groups are unfolded. */
import { create } from 'zustand'

/** `auto` groups large graphs only. */
export type GroupingMode = 'auto' | 'on' | 'off'

interface GroupsState {
  readonly mode: GroupingMode
  /** Ids of unfolded groups by graph key. */
  readonly unfolded: Readonly<Record<string, ReadonlySet<string>>>
  /** Types hidden from the picture, as `domain:opType`. */
  readonly hiddenTypes: ReadonlySet<string>
  readonly setMode: (mode: GroupingMode) => void
  readonly toggleGroup: (graphKey: string, groupId: string) => void
  readonly unfold: (graphKey: string, groupIds: readonly string[]) => void
  readonly fold: (graphKey: string, groupIds: readonly string[]) => void
  readonly foldAll: (graphKey: string) => void
  readonly toggleType: (type: string) => void
  readonly showAllTypes: () => void
}

const none: ReadonlySet<string> = new Set()

export const useGroupsStore = create<GroupsState>()((set) => ({
  mode: 'auto',
  unfolded: {},
  hiddenTypes: none,
  setMode: (mode) => set({ mode }),
  toggleGroup: (graphKey, groupId) => set(({ unfolded }) => ({ unfolded: { ...unfolded, [graphKey]: toggled(unfolded[graphKey] ?? none, groupId) } })),
  unfold: (graphKey, groupIds) =>
    set(({ unfolded }) => {
      const before = unfolded[graphKey] ?? none
      return groupIds.every((id) => before.has(id)) ? {} : { unfolded: { ...unfolded, [graphKey]: new Set([...before, ...groupIds]) } }
    }),
  fold: (graphKey, groupIds) =>
    set(({ unfolded }) => {
      const before = unfolded[graphKey] ?? none
      return groupIds.some((id) => before.has(id)) ? { unfolded: { ...unfolded, [graphKey]: new Set([...before].filter((id) => !groupIds.includes(id))) } } : {}
    }),
  foldAll: (graphKey) => set(({ unfolded }) => ({ unfolded: { ...unfolded, [graphKey]: none } })),
  toggleType: (type) => set(({ hiddenTypes }) => ({ hiddenTypes: toggled(hiddenTypes, type) })),
  showAllTypes: () => set({ hiddenTypes: none }),
}))

export function unfoldedGroups({ unfolded }: Pick<GroupsState, 'unfolded'>, graphKey: string): ReadonlySet<string> {
  return unfolded[graphKey] ?? none
}

function toggled(before: ReadonlySet<string>, item: string): ReadonlySet<string> {
  const after = new Set(before)
  if (!after.delete(item)) after.add(item)
  return after
}
