import { IconPencil } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

/** Beside what was made of a model, or measured on it, with edits that are not saved. */
export function EditedMark({ revision }: { readonly revision: number }): ReactNode {
  const { t } = useTranslation()
  return (
    <span className="dim" title={t('edited.unsaved', { revision })} style={{ whiteSpace: 'nowrap' }}>
      <IconPencil size={11} stroke={1.8} aria-hidden style={{ verticalAlign: -1 }} /> {t('edited.mark', { revision })}
    </span>
  )
}
