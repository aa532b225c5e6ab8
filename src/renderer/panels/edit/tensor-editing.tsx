import { Button } from '@mantine/core'
import { IconFileImport, IconTrash } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { GraphView, TensorView } from '#shared/ipc/model-view'
import { editDocument } from '../../session/edit-document'
import { pickPath } from '../../session/pick-path'
import { reportError } from '../../session/report-error'
import { applyFromField } from './apply-from-field'
import { ELEMENT_TYPES } from './edit-forms'
import { EditableText } from './editable-text'
import styles from './edit.module.css'

interface TensorEditingProps {
  readonly graph: GraphView
  readonly tensor: TensorView
}

/** The element type of an initializer; another one converts the values. */
export function TensorType({ graph, tensor }: TensorEditingProps): ReactNode {
  const { t } = useTranslation('edit')
  const { t: tApp } = useTranslation()
  const convert = (dtype: string): Promise<string | null> =>
    applyFromField(t('labels.convert', { name: tensor.name, dtype }), { kind: 'convertInitializer', graph: graph.graphId, name: tensor.name, dtype: dtype as 'float32' })
  return (
    <EditableText label={tApp('inspector.dtype')} value={tensor.dtype} onSubmit={convert} options={() => ELEMENT_TYPES} onlyOptions>
      {tensor.dtype}
    </EditableText>
  )
}

/** Replaces all values by an array from a file, or takes the initializer away; `children` are further buttons. */
export function TensorActions({ graph, tensor: { name }, children }: TensorEditingProps & { readonly children?: ReactNode }): ReactNode {
  const { t } = useTranslation('edit')
  const at = { graph: graph.graphId, name }
  const importArray = async (): Promise<void> => {
    const npy = await pickPath('data')
    if (npy !== null) await editDocument(t('labels.replace', { name }), [{ kind: 'setInitializer', ...at, tensor: { npy } }])
  }
  return (
    <div className={styles.addRow}>
      <Button variant="default" size="compact-xs" leftSection={<IconFileImport size={12} aria-hidden />} onClick={() => void importArray().catch((error: unknown) => reportError(error))}>
        {t('tensor.import')}
      </Button>
      <Button
        variant="default"
        size="compact-xs"
        leftSection={<IconTrash size={12} aria-hidden />}
        onClick={() => void editDocument(t('labels.remove', { name }), [{ kind: 'removeInitializer', ...at }])}
      >
        {t('tensor.remove')}
      </Button>
      {children}
    </div>
  )
}

interface TensorCellsProps extends TensorEditingProps {
  readonly offset: number
  readonly values: readonly string[]
}

/** A page of values, one a line; each can be changed in its place. */
export function TensorCells({ graph, tensor, offset, values }: TensorCellsProps): ReactNode {
  const { t } = useTranslation('edit')
  const submit = async (index: number, value: string): Promise<string | null> => {
    const place = cellName(index, tensor.dims)
    return applyFromField(t('labels.set', { name: `${tensor.name}${place}` }), { kind: 'setElements', graph: graph.graphId, name: tensor.name, elements: [{ index, value: value.trim() }] })
  }
  return (
    <div className={styles.cells}>
      {values.map((value, at) => (
        <EditableText key={offset + at} label={cellName(offset + at, tensor.dims)} value={value} onSubmit={(next) => submit(offset + at, next)}>
          <span className={styles.cellPlace}>{cellName(offset + at, tensor.dims)}</span> {value}
        </EditableText>
      ))}
    </div>
  )
}

/** `[1, 0, 2]` for the row-major index of an element. */
export function cellName(index: number, dims: readonly number[]): string {
  const place: number[] = []
  let rest = index
  for (const dim of dims.toReversed()) {
    place.unshift(dim === 0 ? 0 : rest % dim)
    rest = Math.floor(rest / Math.max(1, dim))
  }
  return `[${place.join(', ')}]`
}
