import { toErrorData, type ErrorData } from '#shared/errors'
import i18next from 'i18next'
import { said } from '../i18n/engine-words'
import { useLogStore } from '../stores/log-store'
import { showNotice } from './show-notice'

/** Tells the person what happened, why, and what to do; cancelling is no error and stays silent. */
export function reportError(error: unknown, subject?: string): void {
  showErrorData(toErrorData(error), subject)
}

export function showErrorData(data: Pick<ErrorData, 'message' | 'hint'> & { code: string }, subject?: string): void {
  if (data.code === 'cancelled') return
  const message = said(data.message)
  const hint = data.hint === undefined ? undefined : said(data.hint)
  useLogStore.getState().log('error', [subject, message, hint].filter((part) => part !== undefined && part !== '').join(' · '))
  showNotice({
    tone: 'error',
    durationMs: 12_000,
    title: subject ?? i18next.t('errors.title'),
    message: (
      <>
        <div>{message}</div>
        {hint !== undefined && <div className="dim">{hint}</div>}
      </>
    ),
  })
}
