import type { Edit } from '#shared/onnx/document'
import { upgradeOpset } from '#shared/onnx/edit/upgrade-opset'
import { opsetVersion } from '../constants'
import type { PassContext } from '../pass'

/** Raises the opset where that is needed; where it cannot be, says why and that nothing was fused. */
export function raiseOpset(edit: Edit, version: number, context: PassContext): boolean {
  if (opsetVersion(edit.model) >= version) return true
  const refusal = upgradeOpset(edit, version)
  if (!refusal) return true
  context.report({ severity: 'info', code: 'not-fused', ...refusal })
  return false
}
