import { Button } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { EditCommandOf } from '#shared/ipc/edit-commands'
import type { ModelSummary } from '#shared/ipc/model-view'
import { Properties, Property, Section } from '../../inspector/property-list'
import { editDocument } from '../../session/edit-document'
import { applyFromField } from './apply-from-field'
import { askMetadata } from './edit-forms'
import { EditableText, SmallButton } from './editable-text'

type ModelField = Exclude<keyof EditCommandOf<'setModel'>, 'kind' | 'irVersion'>

interface ModelTextProps {
  readonly field: ModelField
  readonly label: string
  readonly value: string
}

/** Something the model says about itself, to be changed in its place. */
export function ModelText({ field, label, value }: ModelTextProps): ReactNode {
  const { t } = useTranslation('edit')
  const submit = (next: string): Promise<string | null> => applyFromField(t('labels.set', { name: label }), { kind: 'setModel', [field]: next })
  return (
    <Property name={label}>
      <EditableText label={label} value={value} onSubmit={submit}>
        {value === '' ? <span className="dim">{t('none')}</span> : value}
      </EditableText>
    </Property>
  )
}

const SHOWN_TEXT = 400

export function MetadataSection({ metadata }: { readonly metadata: ModelSummary['metadata'] }): ReactNode {
  const { t } = useTranslation()
  const { t: tEdit } = useTranslation('edit')
  const set = (key: string, value: string): Promise<string | null> => applyFromField(tEdit('labels.set', { name: key }), { kind: 'setMetadata', key, value })
  const remove = (key: string): void => void editDocument(tEdit('labels.remove', { name: key }), [{ kind: 'setMetadata', key, value: null }])
  return (
    <Section title={t('inspector.metadata')}>
      <Properties>
        {Object.entries(metadata).map(([key, value]) => (
          <Property key={key} name={key}>
            <EditableText
              label={key}
              value={value}
              onSubmit={(next) => set(key, next)}
              actions={<SmallButton label={tEdit('removeNamed', { name: key })} icon={<IconTrash size={12} aria-hidden />} onClick={() => remove(key)} />}
            >
              {value.length > SHOWN_TEXT ? `${value.slice(0, SHOWN_TEXT)}…` : value}
            </EditableText>
          </Property>
        ))}
      </Properties>
      <AddButton label={tEdit('metadata.add')} onClick={() => askMetadata()} />
    </Section>
  )
}

export function AddButton({ label, onClick }: { readonly label: string; readonly onClick: () => void }): ReactNode {
  return (
    // Its sign stands under the text above, not its edge.
    <Button variant="subtle" size="compact-xs" color="gray" ml={-7} mr={7} leftSection={<IconPlus size={12} aria-hidden />} onClick={onClick}>
      {label}
    </Button>
  )
}
