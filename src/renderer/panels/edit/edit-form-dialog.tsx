import { Alert, Autocomplete, Button, Modal, Select, Textarea, TextInput } from '@mantine/core'
import { useState, type FormEvent, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ErrorData } from '#shared/errors'
import { useEditStore, type EditField, type EditForm } from '../../stores/edit-store'
import styles from './edit.module.css'
import { refusalText } from './apply-from-field'

/** The questions of an edit that needs some. */
export default function EditFormDialog(): ReactNode {
  const form = useEditStore((state) => state.form)
  const close = (): void => useEditStore.getState().setForm(null)
  return (
    // The dots say on a button that a question follows.
    <Modal opened={form !== null} onClose={close} title={form?.title.replace(/…$/u, '')} size={460}>
      {form !== null && <FormBody key={form.title} form={form} onClose={close} />}
    </Modal>
  )
}

function FormBody({ form, onClose }: { readonly form: EditForm; readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation()
  const [values, setValues] = useState<Readonly<Record<string, string>>>(() => Object.fromEntries(form.fields.map(({ name, initial }) => [name, initial])))
  const [error, setError] = useState<ErrorData | null>(null)
  const [busy, setBusy] = useState(false)
  const complete = form.fields.every(({ name, optional }) => optional === true || (values[name] ?? '') !== '')
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    const refused = await form.submit(values)
    setBusy(false)
    setError(refused)
    if (refused === null) onClose()
  }
  return (
    <form onSubmit={(event) => void submit(event)}>
      <div className={styles.fields}>
        {form.text !== undefined && <p className="dim">{form.text}</p>}
        {form.fields.map((field, index) => (
          <FormField key={field.name} field={field} first={index === 0} value={values[field.name] ?? ''} onChange={(value) => setValues({ ...values, [field.name]: value })} />
        ))}
        {error !== null && <Alert color="red">{refusalText(error)}</Alert>}
      </div>
      <div className={styles.footer}>
        <Button variant="default" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button type="submit" loading={busy} disabled={!complete}>
          {form.submitLabel}
        </Button>
      </div>
    </form>
  )
}

interface FormFieldProps {
  readonly field: EditField
  readonly first: boolean
  readonly value: string
  readonly onChange: (value: string) => void
}

function FormField({ field, first, value, onChange }: FormFieldProps): ReactNode {
  const { label, kind, options = [], hint, optional } = field
  const common = { label, description: hint, withAsterisk: optional !== true, 'data-autofocus': first || undefined }
  switch (kind) {
    case 'text':
      return <TextInput {...common} value={value} onChange={(event) => onChange(event.currentTarget.value)} />
    case 'lines':
      return <Textarea {...common} size="xs" autosize minRows={3} maxRows={12} value={value} onChange={(event) => onChange(event.currentTarget.value)} />
    case 'suggest':
      return <Autocomplete {...common} size="xs" data={[...new Set(options)]} limit={50} value={value} onChange={onChange} />
    case 'select':
      return <Select {...common} data={[...options]} searchable={options.length > 8} allowDeselect={false} value={value} onChange={(chosen) => onChange(chosen ?? '')} />
  }
}
