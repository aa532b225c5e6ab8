import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { documentState, useEditStore } from '../../stores/edit-store'

/** A dot on the name of a model that differs from its file. */
export function DirtyMark({ documentId }: { readonly documentId: string }): ReactNode {
  const { t } = useTranslation('edit')
  const dirty = useEditStore((state) => documentState(state, documentId).dirty)
  if (!dirty) return null
  return (
    <span role="img" aria-label={t('dirty')} title={t('dirty')} style={{ color: 'var(--accent)', marginLeft: 4, fontSize: 9, verticalAlign: 1 }}>
      ●
    </span>
  )
}
