import { notifications } from '@mantine/notifications'
import { toErrorData, type ErrorData } from '#shared/errors'
import i18next from 'i18next'
import { useLogStore } from '../stores/log-store'

/** Tells the person what happened, why, and what to do; cancelling is no error and stays silent. */
export function reportError(error: unknown, subject?: string): void {
  showErrorData(toErrorData(error), subject)
}

export function showErrorData(data: Pick<ErrorData, 'message' | 'hint'> & { code: string }, subject?: string): void {
  if (data.code === 'cancelled') return
  useLogStore.getState().log('error', [subject, data.message, data.hint].filter((part) => part !== undefined && part !== '').join(' · '))
  notifications.show({
    color: 'red',
    autoClose: 12_000,
    title: subject ?? i18next.t('errors.title'),
    message: (
      <>
        <div>{data.message}</div>
        {data.hint !== undefined && <div className="dim">{data.hint}</div>}
      </>
    ),
  })
}
