import { Alert, Loader } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ErrorData } from '#shared/errors'
import { said } from '../i18n/engine-words'

/** What stands in the place of a tensor's figures: why there are none, or that they are on their way. */
export function TensorAnswerState({ isThere, error }: { readonly isThere: boolean; readonly error: ErrorData | null }): ReactNode {
  const { t } = useTranslation()
  if (error !== null) {
    return (
      <Alert color="red" title={t('errors.cannotReadTensor')}>
        {said(error.message)} {said(error.hint ?? '')}
      </Alert>
    )
  }
  return isThere ? null : <Loader size="xs" aria-label={t('view.loading')} />
}
