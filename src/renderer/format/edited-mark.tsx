import { IconPencil } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

interface EditedMarkProps {
  readonly revision: number
  /** Where there is no room for words. */
  readonly iconOnly?: boolean
}

/** Beside what was made of a model, or measured on it, with edits that are not saved. */
export function EditedMark({ revision, iconOnly = false }: EditedMarkProps): ReactNode {
  const { t } = useTranslation()
  const words = t('edited.mark', { revision })
  return (
    <span className="dim" title={t('edited.unsaved', { revision })} style={{ flex: 'none', whiteSpace: 'nowrap' }} {...(iconOnly && { role: 'img', 'aria-label': words })}>
      <IconPencil size={11} stroke={1.8} aria-hidden style={{ verticalAlign: -1 }} />
      {!iconOnly && ` ${words}`}
    </span>
  )
}
