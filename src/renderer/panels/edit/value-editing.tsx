import { Button } from '@mantine/core'
import { IconArrowBarRight, IconPlus, IconRulerMeasure, IconTrash } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { GraphView } from '#shared/ipc/model-view'
import { editDocument } from '../../session/edit-document'
import { useEditStore } from '../../stores/edit-store'
import { useSelectionStore } from '../../stores/selection-store'
import { askDimension } from './edit-forms'
import { applyFromField } from './apply-from-field'
import styles from './edit.module.css'

interface ValueActionsProps {
  readonly graph: GraphView
  readonly name: string
}

/** What can be done with a value: a node put on its way, given out by the graph or not. */
export function ValueActions({ graph, name }: ValueActionsProps): ReactNode {
  const { t } = useTranslation('edit')
  const isInput = graph.inputs.some((end) => end.name === name)
  const isOutput = graph.outputs.some((end) => end.name === name)
  const at = { graph: graph.graphId, name }
  const button = { variant: 'default', size: 'compact-xs' } as const
  return (
    <div className={styles.addRow}>
      <Button {...button} leftSection={<IconPlus size={12} aria-hidden />} onClick={() => useEditStore.getState().setAdding({ kind: 'edge', value: name })}>
        {t('value.insert')}
      </Button>
      {isInput && graph.kind === 'main' && (
        <Button {...button} leftSection={<IconRulerMeasure size={12} aria-hidden />} onClick={() => askDimension({ input: name, axis: 0 })}>
          {t('value.dimension')}
        </Button>
      )}
      {isInput && (
        <Button {...button} leftSection={<IconTrash size={12} aria-hidden />} onClick={() => void editDocument(t('labels.remove', { name }), [{ kind: 'removeInput', ...at }])}>
          {t('value.removeInput')}
        </Button>
      )}
      {isOutput ? (
        <Button {...button} leftSection={<IconTrash size={12} aria-hidden />} onClick={() => void editDocument(t('labels.remove', { name }), [{ kind: 'removeOutput', ...at }])}>
          {t('value.removeOutput')}
        </Button>
      ) : (
        <Button {...button} leftSection={<IconArrowBarRight size={12} aria-hidden />} onClick={() => void editDocument(t('labels.output', { name }), [{ kind: 'addOutput', ...at }])}>
          {t('value.makeOutput')}
        </Button>
      )}
    </div>
  )
}

/** Renames a value and keeps it selected under its new name. */
export async function renameValue(graph: GraphView, from: string, to: string, label: string): Promise<string | null> {
  const problem = await applyFromField(label, { kind: 'renameValue', graph: graph.graphId, from, to })
  if (problem === null) {
    const { selection, select } = useSelectionStore.getState()
    select('name' in selection ? { ...selection, name: to } : { kind: 'edge', name: to })
  }
  return problem
}
