import { AppError } from '../../errors'
import type { EditCommandOf } from '../../ipc/edit-commands'
import { sameDomain } from '../document'
import type { EditContext } from './edit-context'
import { NEWEST_RULED_OPSET, upgradeOpset } from './upgrade-opset'

export function convertOpset({ edit }: EditContext, { version }: EditCommandOf<'convertOpset'>): void {
  const current = edit.model.opsetImports.find(({ domain }) => sameDomain(domain, ''))?.version ?? 0
  const refuse = (message: string, hint?: string) => new AppError({ code: 'not-supported', message, hint })
  if (version === current) return
  if (version < current) throw refuse(`The model uses opset ${current}; it can be raised, not lowered to ${version}.`, `Export the model again with opset ${version}.`)
  if (version > NEWEST_RULED_OPSET) throw refuse(`There are rules up to opset ${NEWEST_RULED_OPSET}, not for ${version}.`, `Convert to ${NEWEST_RULED_OPSET}, or export the model again.`)
  const refusal = upgradeOpset(edit, version)
  if (refusal) throw new AppError({ code: 'not-supported', message: refusal.message, hint: refusal.hint, details: { nodeId: refusal.nodeId } })
}
