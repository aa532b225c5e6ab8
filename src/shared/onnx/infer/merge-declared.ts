/** What the file declares about a value, laid over what follows from the graph. */
import { dataTypeLabel } from '../data-type'
import type { Dim, ValueType } from '../records'
import type { Shape } from './dims'

export interface MergedType {
  readonly type: ValueType | null
  /** In words, where the declaration and the graph cannot both be right. */
  readonly contradiction: string | null
}

/**
 * Declarations fill in what is unknown; where they disagree, the graph is right and the declaration stale. A symbol of
 * the model's inputs (`isInputSymbol`) stays one even where an exporter wrote down the size of its example.
 */
export function mergeDeclared(inferred: ValueType | null, declared: ValueType | null, isInputSymbol: (symbol: string) => boolean): MergedType {
  if (!inferred || !declared) return { type: inferred ?? declared, contradiction: null }
  if ((inferred.kind === 'tensor' || inferred.kind === 'sparse-tensor') && inferred.kind === declared.kind) {
    const { kind } = inferred
    const dataType = inferred.dataType || declared.dataType
    const wrongType =
      inferred.dataType && declared.dataType && inferred.dataType !== declared.dataType
        ? `declared ${dataTypeLabel(declared.dataType)}, computed ${dataTypeLabel(inferred.dataType)}`
        : null
    if (!inferred.shape || !declared.shape) {
      const shape = inferred.shape ?? declared.shape
      return { type: shape ? { kind, dataType, shape } : { kind, dataType }, contradiction: wrongType }
    }
    const dims = mergeShapes(inferred.shape, declared.shape, isInputSymbol)
    const wrongShape = dims ? null : `declared ${shapeText(declared.shape)}, computed ${shapeText(inferred.shape)}`
    return { type: { kind, dataType, shape: dims ?? inferred.shape }, contradiction: wrongType ?? wrongShape }
  }
  if ((inferred.kind === 'sequence' || inferred.kind === 'optional') && inferred.kind === declared.kind) {
    const { type, contradiction } = mergeDeclared(inferred.element, declared.element, isInputSymbol)
    return { type: { kind: inferred.kind, element: type }, contradiction }
  }
  const contradiction = inferred.kind === declared.kind ? null : `declared as ${declared.kind}, computed as ${inferred.kind}`
  return { type: inferred, contradiction }
}

function mergeShapes(inferred: Shape, declared: Shape, isInputSymbol: (symbol: string) => boolean): Shape | null {
  if (inferred.length !== declared.length) return null
  const dims: Dim[] = []
  for (const [axis, dim] of inferred.entries()) {
    const stated = declared[axis] ?? null
    if (typeof dim === 'number' && typeof stated === 'number' && dim !== stated) return null
    if (dim === null) dims.push(stated)
    else dims.push(typeof dim === 'string' && typeof stated === 'number' && !isInputSymbol(dim) ? stated : dim)
  }
  return dims
}

function shapeText(shape: Shape): string {
  return `[${shape.map((dim) => dim ?? '?').join(', ')}]`
}
