import { notifications } from '@mantine/notifications'
import type { ReactNode } from 'react'

interface Notice {
  readonly tone: 'done' | 'warning' | 'error'
  readonly title: string
  readonly message?: ReactNode
  /** Of one that is hidden or replaced later. */
  readonly id?: string
  readonly durationMs?: number
}

const COLOURS = { done: 'green', warning: 'yellow', error: 'red' } as const

/** Says something unasked. Errors interrupt a screen reader, the rest waits until it has finished speaking. */
export function showNotice({ tone, title, message = '', id, durationMs }: Notice): void {
  notifications.show({
    ...(id !== undefined && { id }),
    ...(durationMs !== undefined && { autoClose: durationMs }),
    role: tone === 'error' ? 'alert' : 'group',
    'aria-label': title,
    color: COLOURS[tone],
    title,
    message,
  })
}
