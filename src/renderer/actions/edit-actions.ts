import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconArrowsJoin,
  IconBoxMultiple,
  IconClipboard,
  IconCopy,
  IconCut,
  IconHistory,
  IconInfoSquare,
  IconNumber,
  IconPlus,
  IconReplace,
  IconRulerMeasure,
  IconScissors,
  IconSelectAll,
  IconSquarePlus,
  IconTrash,
  IconTrashX,
  IconUnlink,
  IconVersions,
} from '@tabler/icons-react'
import {
  askCut,
  askDimension,
  askDomainVersion,
  askFunction,
  askInitializer,
  askInput,
  askJoin,
  askMetadata,
  askOpset,
  askOutput,
} from '../panels/edit/edit-forms'
import { redo, undo } from '../session/edit-document'
import { copySelected, cutSelected, extractSelected, inlineSelected, pasteCopied, removeSelected, replaceSelected, selectAllNodes } from '../session/edit-nodes'
import { openPanel } from '../session/panels'
import { useEditStore } from '../stores/edit-store'
import type { Action, ActionContext } from './action'

const inGraph = ({ modelOpen, mode }: ActionContext): boolean => modelOpen && mode === 'graph'
const withNodes = ({ selectedNodes, mode }: ActionContext): boolean => selectedNodes > 0 && mode === 'graph'
const removable = ({ selection, mode }: ActionContext): boolean => mode === 'graph' && selection !== 'model' && selection !== 'edge'
const inModel = ({ modelOpen }: ActionContext): boolean => modelOpen

/** Every change a person can make to a model that is not made in a field of the inspector. */
export const editActions = [
  { id: 'undo', group: 'edit', title: 'actions.undo', icon: IconArrowBackUp, keys: ['mod+Z'], enabled: ({ canUndo }) => canUndo, run: undo },
  { id: 'redo', group: 'edit', title: 'actions.redo', icon: IconArrowForwardUp, keys: ['mod+shift+Z', 'mod+Y'], enabled: ({ canRedo }) => canRedo, run: redo },
  { id: 'history', group: 'edit', title: 'actions.history', icon: IconHistory, keys: [], enabled: inModel, run: () => openPanel('history') },
  { id: 'add-node', group: 'edit', title: 'actions.addNode', icon: IconSquarePlus, keys: ['A'], enabled: inGraph, run: () => useEditStore.getState().setAdding({ kind: 'graph' }) },
  { id: 'delete', group: 'edit', title: 'actions.delete', icon: IconTrash, keys: ['delete'], enabled: removable, run: () => removeSelected('reconnect') },
  { id: 'delete-dependents', group: 'edit', title: 'actions.deleteDependents', icon: IconTrashX, keys: ['shift+delete'], enabled: withNodes, run: () => removeSelected('with-dependents') },
  { id: 'delete-disconnect', group: 'edit', title: 'actions.deleteDisconnect', icon: IconUnlink, keys: ['alt+delete'], enabled: withNodes, run: () => removeSelected('disconnect') },
  { id: 'copy', group: 'edit', title: 'actions.copy', icon: IconCopy, keys: ['mod+C'], enabled: withNodes, run: copySelected },
  { id: 'cut', group: 'edit', title: 'actions.cut', icon: IconScissors, keys: ['mod+X'], enabled: withNodes, run: cutSelected },
  { id: 'paste', group: 'edit', title: 'actions.paste', icon: IconClipboard, keys: ['mod+V'], enabled: (context) => context.canPaste && inGraph(context), run: pasteCopied },
  { id: 'select-all', group: 'edit', title: 'actions.selectAll', icon: IconSelectAll, keys: ['mod+A'], enabled: inGraph, run: selectAllNodes },
  { id: 'extract', group: 'edit', title: 'actions.extract', icon: IconBoxMultiple, keys: [], enabled: withNodes, run: extractSelected },
  { id: 'replace', group: 'edit', title: 'actions.replace', icon: IconReplace, keys: [], enabled: withNodes, run: replaceSelected },
  { id: 'wrap-function', group: 'edit', title: 'actions.wrapFunction', icon: IconPlus, keys: [], enabled: withNodes, run: askFunction },
  { id: 'inline-function', group: 'edit', title: 'actions.inlineFunction', icon: IconUnlink, keys: [], enabled: ({ selectedNodes, mode }) => selectedNodes === 1 && mode === 'graph', run: inlineSelected },
  { id: 'add-input', group: 'edit', title: 'actions.addInput', icon: IconPlus, keys: [], enabled: inModel, run: askInput },
  { id: 'add-output', group: 'edit', title: 'actions.addOutput', icon: IconPlus, keys: [], enabled: inModel, run: askOutput },
  { id: 'add-initializer', group: 'edit', title: 'actions.addInitializer', icon: IconNumber, keys: [], enabled: inModel, run: askInitializer },
  { id: 'dimension', group: 'edit', title: 'actions.dimension', icon: IconRulerMeasure, keys: [], enabled: inModel, run: () => askDimension() },
  { id: 'opset', group: 'edit', title: 'actions.opset', icon: IconVersions, keys: [], enabled: inModel, run: askOpset },
  { id: 'domain', group: 'edit', title: 'actions.domain', icon: IconVersions, keys: [], enabled: inModel, run: askDomainVersion },
  { id: 'metadata', group: 'edit', title: 'actions.metadata', icon: IconInfoSquare, keys: [], enabled: inModel, run: () => askMetadata() },
  { id: 'cut-model', group: 'edit', title: 'actions.cutModel', icon: IconCut, keys: [], enabled: inModel, run: askCut },
  { id: 'join-model', group: 'edit', title: 'actions.joinModel', icon: IconArrowsJoin, keys: [], enabled: inModel, run: askJoin },
] as const satisfies readonly Action[]
