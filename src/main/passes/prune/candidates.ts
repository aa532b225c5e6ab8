import type { ModelDocument } from '#shared/onnx/document'
import { inferTypes, type TypeTable } from '#shared/onnx/infer/infer-types'
import { modelMacs, nodeMacs, singleBatch } from '#shared/onnx/infer/macs'
import type { Node } from '#shared/onnx/records'
import { parameterCount } from '#shared/onnx/view/parameters'
import type { PruneCandidates } from '#shared/prune'
import { AppError } from '#shared/errors'
import { constantTensor, elementsOf } from '../constants'
import { passByName } from '../registry'

/**
 * What a pass may touch, with what it weighs, without samples and without changing anything.
 *
 * Throws AppError `invalid-recipe` for a pass that cannot tell, or options that it does not have.
 */
export function pruneCandidates(document: ModelDocument, name: string, given: Readonly<Record<string, unknown>>): PruneCandidates {
  const pass = passByName(name)
  const parsed = pass.options.safeParse(given)
  if (!parsed.success) throw new AppError({ code: 'invalid-recipe', message: `${name}: ${parsed.error.issues[0]?.message ?? 'bad options'}.` })
  if (!pass.candidates) throw new AppError({ code: 'invalid-recipe', message: `${name} cannot tell beforehand what it would touch.` })
  const { candidates, kept } = pass.candidates(document, parsed.data)
  const types = inferTypes(document, { dims: singleBatch(document) })
  return {
    candidates: candidates.map(({ layers, nodes }) => ({
      layers: layers.map(named),
      nodes: nodes.map(({ id }) => id),
      parameters: layers.reduce((sum, layer) => sum + weightsOf(document, layer), 0),
      macs: macsOf(document, layers, types),
    })),
    kept: kept.map(({ node, reason }) => ({ ...named(node), reason })),
    parameters: parameterCount(document),
    macs: modelMacs(document, types),
  }
}

function named({ id, name, opType }: Node): { nodeId: number; nodeName: string; opType: string } {
  return { nodeId: id, nodeName: name, opType }
}

function weightsOf(document: ModelDocument, { inputs }: Node): number {
  return inputs.reduce((sum, name) => {
    const tensor = constantTensor(document, document.model.graph, name)
    return sum + (tensor ? elementsOf(tensor.dims) : 0)
  }, 0)
}

function macsOf(document: ModelDocument, layers: readonly Node[], types: TypeTable): number | null {
  const counts = layers.map((layer) => nodeMacs(document, document.model.graph, layer, types))
  return counts.reduce((sum, count) => (sum === null || count === null ? null : sum + count), 0)
}
