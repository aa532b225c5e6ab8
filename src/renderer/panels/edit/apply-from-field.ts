import type { ErrorData } from '#shared/errors'
import { said } from '../../i18n/engine-words'
import { tryEdit, type EditCommandInput } from '../../session/edit-document'

/** An edit made in a field: what refused it in words, or null when it is in effect. */
export async function applyFromField(label: string, command: EditCommandInput): Promise<string | null> {
  const error = await tryEdit(label, [command])
  return error === null ? null : refusalText(error)
}

export function refusalText({ message, hint }: Pick<ErrorData, 'message' | 'hint'>): string {
  return [message, hint ?? ''].filter((part) => part !== '').map(said).join(' ')
}
