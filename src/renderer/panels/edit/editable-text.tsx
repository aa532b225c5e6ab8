import { ActionIcon, Autocomplete, Select, TextInput, Tooltip } from '@mantine/core'
import { IconCheck, IconPencil, IconX } from '@tabler/icons-react'
import { useState, type KeyboardEvent, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './edit.module.css'

export interface EditableTextProps {
  /** What is edited, for the button and the field: `kernel_shape`. */
  readonly label: string
  readonly value: string
  /** Answers what is wrong, or null when the edit is in effect. */
  readonly onSubmit: (text: string) => Promise<string | null>
  /** What is shown while nobody edits. */
  readonly children: ReactNode
  /** Texts to choose from, asked for when the editing starts; `onlyOptions` allows no others. */
  readonly options?: () => readonly string[]
  readonly onlyOptions?: boolean
  /** Further buttons beside the pencil. */
  readonly actions?: ReactNode
}

/** Something that is shown, and edited in its place: Enter or leaving it by Tab takes it over, Escape leaves it as it was. */
export function EditableText({ label, value, onSubmit, children, options, onlyOptions = false, actions }: EditableTextProps): ReactNode {
  const { t } = useTranslation('edit')
  const [draft, setDraft] = useState<string | null>(null)
  if (draft === null) {
    return (
      <div className={styles.editable}>
        <div className={styles.shown}>{children}</div>
        <div className={styles.buttons}>
          <SmallButton label={t('edit', { label })} icon={<IconPencil size={12} aria-hidden />} onClick={() => setDraft(value)} />
          {actions}
        </div>
      </div>
    )
  }
  return <OpenField label={label} value={value} draft={draft} setDraft={setDraft} onSubmit={onSubmit} options={options?.()} onlyOptions={onlyOptions} />
}

interface OpenFieldProps {
  readonly label: string
  readonly value: string
  readonly draft: string
  readonly setDraft: (draft: string | null) => void
  readonly onSubmit: (text: string) => Promise<string | null>
  readonly options: readonly string[] | undefined
  readonly onlyOptions: boolean
}

function OpenField({ label, value, draft, setDraft, onSubmit, options, onlyOptions }: OpenFieldProps): ReactNode {
  const { t } = useTranslation('edit')
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const submit = async (text: string): Promise<void> => {
    if (text === value) return setDraft(null)
    setBusy(true)
    const refused = await onSubmit(text)
    setBusy(false)
    setProblem(refused)
    if (refused === null) setDraft(null)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Escape') setDraft(null)
    else if (event.key === 'Enter') void submit(draft)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const common = { 'aria-label': label, error: problem, disabled: busy, autoFocus: true, onKeyDown, className: styles.field ?? '' }
  return (
    <div className={styles.editing}>
      {options !== undefined && onlyOptions ? (
        <Select {...common} data={[...options]} value={draft} allowDeselect={false} searchable defaultDropdownOpened onChange={(chosen) => chosen !== null && void submit(chosen)} />
      ) : options !== undefined ? (
        <Autocomplete {...common} size="xs" data={[...options]} limit={50} value={draft} onChange={setDraft} onOptionSubmit={(chosen) => void submit(chosen)} />
      ) : (
        <TextInput {...common} value={draft} onFocus={(event) => event.currentTarget.select()} onChange={(event) => setDraft(event.currentTarget.value)} />
      )}
      <SmallButton label={t('apply')} icon={<IconCheck size={12} aria-hidden />} onClick={() => void submit(draft)} />
      <SmallButton label={t('leave')} icon={<IconX size={12} aria-hidden />} onClick={() => setDraft(null)} />
    </div>
  )
}

interface SmallButtonProps {
  readonly label: string
  readonly icon: ReactNode
  readonly onClick: () => void
}

export function SmallButton({ label, icon, onClick }: SmallButtonProps): ReactNode {
  return (
    <Tooltip label={label}>
      <ActionIcon size={18} aria-label={label} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  )
}
