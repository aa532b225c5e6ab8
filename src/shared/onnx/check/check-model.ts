import type { Diagnostic } from '../../diagnostic'
import type { ModelDocument } from '../document'
import type { TypeTable } from '../infer/infer-types'
import { checkNames } from './check-names'
import { checkNodes } from './check-nodes'
import { checkTensors } from './check-tensors'
import { checkTypes } from './check-types'
import { checkVersions } from './check-versions'
import { Findings } from './findings'

/**
 * What is wrong with a model's structure, by the ONNX specification (IR.md, and the operator schemas). An error means that
 * onnxruntime refuses the model; a warning that it runs there but other tools may refuse it, or that it cannot run here
 * (custom operators). With `types` (`inferTypes` of the document), types of inputs are checked against the schemas too; values
 * are onnxruntime's matter.
 */
export function checkModel(document: ModelDocument, types?: TypeTable): Diagnostic[] {
  const findings = new Findings()
  checkVersions(document, findings)
  checkNames(document, findings)
  checkNodes(document, findings)
  checkTensors(document, findings)
  if (types) checkTypes(document, types, findings)
  return findings.list()
}
