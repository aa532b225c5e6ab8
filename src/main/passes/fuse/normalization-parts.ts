/** What exported LayerNormalization and RMSNormalization are made of. */
import type { Node } from '#shared/onnx/records'
import { constantTensor } from '../constants'
import { isFloat32Value, isScalar, producerOf, scalarOf, type Site, withInput } from './graph-match'

interface RootQuotient {
  readonly dividend: string
  /** Before ε is added. */
  readonly variance: string
  readonly epsilon: number
  readonly inner: readonly Node[]
}

/** `d / sqrt(v + ε)`, also as `d · (1 / sqrt(v + ε))` and `d · reciprocal(sqrt(v + ε))`. `node` is the last of it. */
export function matchRootQuotient(site: Site, node: Node): RootQuotient | null {
  if (node.opType === 'Div') return matchRoot(site, { dividend: node.inputs[0] ?? '', root: producerOf(site, node.inputs[1], 'Sqrt'), inner: [] })
  if (node.opType !== 'Mul') return null
  for (const [dividend = '', factor = ''] of [node.inputs, node.inputs.toReversed()]) {
    const inverse = producerOf(site, factor, 'Reciprocal', 'Div')
    if (!inverse || (inverse.opType === 'Div' && !isScalar(site, inverse.inputs[0], 1))) continue
    const found = matchRoot(site, { dividend, root: producerOf(site, inverse.inputs.at(-1), 'Sqrt'), inner: [inverse] })
    if (found) return found
  }
  return null
}

function matchRoot(site: Site, { dividend, root, inner }: { dividend: string; root: Node | null; inner: readonly Node[] }): RootQuotient | null {
  const sum = producerOf(site, root?.inputs[0], 'Add')
  const parts = sum && withInput(sum, (name) => scalarOf(site, name) !== null)
  return root && sum && parts ? { dividend, variance: parts[1], epsilon: scalarOf(site, parts[0]) ?? 0, inner: [sum, root, ...inner] } : null
}

/** What a Pow or Mul squares; null where it does something else. */
export function squareOf(site: Site, node: Node): string | undefined {
  const [a, b] = node.inputs
  if (node.opType === 'Mul') return a === b ? a : undefined
  return scalarOf(site, b) === 2 ? a : undefined
}

/** Whether `name` is a float32 constant with one number for each element of the normalized dimensions. */
export function isAffine({ edit, graph, types }: Site, name: string, dims: readonly number[]): boolean {
  const tensor = constantTensor(edit.document, graph, name)
  return tensor !== null && isFloat32Value({ edit, graph, types }, name) && tensor.dims.join() === dims.join()
}
