import { z } from 'zod'
import { EditCommand } from '#shared/ipc/edit-commands'

/** JSON schema of what `edgefit edit --commands` reads. */
export function editSchema(): Record<string, unknown> {
  return z.toJSONSchema(z.array(EditCommand), { io: 'input', unrepresentable: 'any' })
}
