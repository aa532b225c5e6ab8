import { useHotkeys } from '@mantine/hooks'
import { useShallow } from 'zustand/react/shallow'
import { useShownPair } from '../session/compare-models'
import { reportError } from '../session/report-error'
import { useDialogsStore } from '../stores/dialogs-store'
import { documentState, useEditStore } from '../stores/edit-store'
import { selectedNodeIds, useSelectionStore } from '../stores/selection-store'
import { activeDocument, useSessionStore } from '../stores/session-store'
import { useVariantsStore, variantAt } from '../stores/variants-store'
import { useViewStore } from '../stores/view-store'
import type { Action, ActionContext } from './action'
import { actions } from './all-actions'

export function useActionContext(): ActionContext {
  const { modelOpen, depth } = useSessionStore(
    useShallow((state) => ({
      modelOpen: state.activeDocumentId !== null,
      depth: state.activeDocumentId === null ? 0 : (state.graphPaths[state.activeDocumentId]?.length ?? 1) - 1,
    })),
  )
  const mode = useViewStore((state) => state.mode)
  const selectedNodes = useSelectionStore((state) => selectedNodeIds(state.selection).length)
  const selection = useSelectionStore((state) => state.selection.kind)
  const documentId = useSessionStore((state) => state.activeDocumentId)
  const { revision, revisions } = useEditStore((state) => documentState(state, documentId))
  const canPaste = useEditStore((state) => state.clipboard !== null)
  const comparing = useShownPair() !== null
  const bySource = useVariantsStore((state) => state.bySource)
  const comparable = useSessionStore((state) => {
    const path = activeDocument(state)?.summary.path ?? ''
    return state.documents.length > 1 || (bySource[path] ?? []).length > 0 || variantAt(bySource, path) !== null
  })
  return { modelOpen, depth, mode, selectedNodes, selection, canUndo: revision > 0, canRedo: revision < revisions, canPaste, comparable, comparing }
}

/** Runs an action from wherever it was asked for; what goes wrong is told. */
export function runAction(action: Action): void {
  Promise.resolve(action.run()).catch((error: unknown) => reportError(error))
}

/** Whether one of the shell's dialogs is open. */
export function useDialogOpen(): boolean {
  const shellDialogOpen = useDialogsStore((state) => state.optimizeOpen || state.profileOpen || state.shortcutsOpen || state.report !== null)
  const editDialogOpen = useEditStore((state) => state.adding !== null || state.form !== null || state.refusedSave !== null)
  return shellDialogOpen || editDialogOpen
}

/** Listens to the keys of every action. Keys are left alone while a dialog is open or text is being edited. */
export function useActionKeys(): void {
  const context = useActionContext()
  const dialogOpen = useDialogOpen()
  useHotkeys(
    actions.flatMap((action: Action) =>
      action.keys.map((key): [string, (event: KeyboardEvent) => void, { preventDefault: boolean }] => [
        key,
        (event) => {
          if (dialogOpen || isEditing(event.target) || isCopyingText(event)) return
          event.preventDefault()
          if (action.enabled(context)) runAction(action)
        },
        { preventDefault: false },
      ]),
    ),
    // None by tag: a switch or a radio button is an INPUT, too, and types nothing.
    [],
    true,
  )
}

const EDITING = '.monaco-editor, [role="dialog"], textarea, [contenteditable="true"], input:not([type="checkbox"], [type="radio"])'

/** Whether a key typed here means a letter. Monaco edits in an element of its own. */
function isEditing(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(EDITING) !== null
}

/** Text that a person marked is copied as text, whatever is selected in the graph. */
function isCopyingText({ key, ctrlKey, metaKey }: KeyboardEvent): boolean {
  return (ctrlKey || metaKey) && key.toLowerCase() === 'c' && document.getSelection()?.isCollapsed === false
}
