import { z } from 'zod'
import { EditScript } from '#shared/ipc/edit-commands'

/** JSON schema of what `edgefit edit --commands` reads. */
export function editSchema(): Record<string, unknown> {
  return z.toJSONSchema(EditScript, { io: 'input', unrepresentable: 'any' })
}
