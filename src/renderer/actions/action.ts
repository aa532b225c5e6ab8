import type { TablerIcon } from '@tabler/icons-react'
import type { ParseKeys } from 'i18next'
import type { Selection } from '../stores/selection-store'

export type ActionGroup = 'file' | 'edit' | 'model' | 'view' | 'window' | 'settings'

/** What decides whether an action makes sense now. */
export interface ActionContext {
  readonly modelOpen: boolean
  /** Graphs around the one shown: 0 at the main graph. */
  readonly depth: number
  readonly mode: 'graph' | 'text'
  readonly selectedNodes: number
  readonly selection: Selection['kind']
  readonly canUndo: boolean
  readonly canRedo: boolean
  readonly canPaste: boolean
  /** Another model is open, or the source of the variant shown can be: there is something to compare with. */
  readonly comparable: boolean
  /** Two models stand side by side. */
  readonly comparing: boolean
}

/** One thing a person can do: the palette, the menus, the buttons and the keys all come from this. */
export interface Action {
  readonly id: string
  readonly group: ActionGroup
  readonly title: ParseKeys
  readonly icon: TablerIcon
  /** As `@mantine/hooks` writes them; the first is shown. */
  readonly keys: readonly string[]
  readonly enabled: (context: ActionContext) => boolean
  readonly run: () => void | Promise<unknown>
}

/** `mod+shift+E` as people know it: `Ctrl Shift E`, or `⌘ ⇧ E` on a Mac. */
export function keyLabel(keys: string, platform: string): string {
  const mac = platform === 'darwin'
  const names: Record<string, string> = mac
    ? { mod: '⌘', shift: '⇧', alt: '⌥', backspace: '⌫', delete: '⌦', '[plus]': '+' }
    : { mod: 'Ctrl', shift: 'Shift', alt: 'Alt', backspace: 'Backspace', delete: 'Del', '[plus]': '+' }
  return keys
    .split('+')
    .map((key) => names[key.toLowerCase()] ?? key.toUpperCase())
    .join(' ')
}
