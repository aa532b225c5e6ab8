import type { Diagnostic } from '../../diagnostic'
import { DATA_TYPES, dataTypeLabel, dataTypeName, rawByteLength } from '../data-type'
import type { Model, Tensor } from '../records'
import { type TensorPlace, walkTensors } from './walk-tensors'

/** More findings than this say the same thing again. */
const MAX_FINDINGS = 50

/**
 * Tensors whose values cannot be read: impossible dimensions, more or fewer bytes than type and shape ask for, values in
 * the field of another type. Judged by lengths alone, no data is read; missing external data is not reported here.
 */
export function findTensorProblems(model: Model): Diagnostic[] {
  const findings: Diagnostic[] = []
  let count = 0
  for (const place of walkTensors(model)) {
    const problem = tensorProblem(place.tensor)
    if (problem === null) continue
    if (++count <= MAX_FINDINGS) findings.push(finding(place, problem))
  }
  if (count > MAX_FINDINGS) {
    findings.push({ severity: 'error', code: 'tensor-data-mismatch', message: `${count - MAX_FINDINGS} more tensors cannot be read.` })
  }
  return findings
}

function finding({ tensor, node }: TensorPlace, problem: string): Diagnostic {
  return {
    severity: 'error',
    code: 'tensor-data-mismatch',
    message: node ? `Tensor '${tensor.name}' of ${node.opType} '${node.name}' ${problem}.` : `Tensor '${tensor.name}' ${problem}.`,
    ...(node && { nodeId: node.id, nodeName: node.name }),
    ...(!node && { valueName: tensor.name }),
  }
}

function tensorProblem(tensor: Tensor): string | null {
  const count = tensor.dims.reduce((product, dim) => product * dim, 1)
  const shape = `[${tensor.dims.join(', ')}]`
  if (tensor.dims.some((dim) => dim < 0) || !Number.isSafeInteger(count)) return `has impossible dimensions ${shape}`
  const { data } = tensor
  if (data.kind === 'strings') return data.values.length === count ? null : `holds ${data.values.length} texts, but ${shape} has ${count}`
  const name = dataTypeName(tensor.dataType)
  const expected = rawByteLength(tensor.dataType, count)
  if (name === null || expected === null) return null
  const label = dataTypeLabel(tensor.dataType)
  if (data.kind === 'field') {
    const { field, bits } = DATA_TYPES[name]
    if (field !== data.field) return `is ${label}, but its values are in ${data.field}`
    const stored = data.chunks.reduce((sum, { span }) => sum + span.length, 0)
    const isFixed = data.field === 'float_data' || data.field === 'double_data'
    const isExact = isFixed && data.chunks.every(({ packed }) => packed)
    if (isExact && stored !== expected) return `holds ${stored} bytes, but ${shape} of ${label} takes ${expected}`
    // An integer takes a byte or more, whatever its width.
    const fewest = Math.ceil(expected / Math.max(1, bits / 8))
    return !isFixed && stored < fewest ? `holds at most ${stored} values, but ${shape} of ${label} takes ${fewest}` : null
  }
  if (data.kind === 'external' && !data.resolved) return null
  const stored = data.kind === 'bytes' ? data.bytes.length : data.kind === 'raw' ? data.span.length : (data.resolved?.length ?? 0)
  return stored === expected ? null : `holds ${stored} bytes, but ${shape} of ${label} takes ${expected}`
}
