import { z } from 'zod'
import { AppError } from '#shared/errors'
import { DATA_TYPES } from '#shared/onnx/data-type'
import type { Edit } from '#shared/onnx/document'
import { inferTypes } from '#shared/onnx/infer/infer-types'
import { constantTensor, opsetVersion } from './constants'
import { definePass, type PassContext } from './pass'
import { type Float16Needs, type Float16Plan, isFloat32Value, planFloat16 } from './weight-only/float16-plan'
import { rewriteFloat16 } from './weight-only/float16-rewrite'
import { HIGHEST_FLOAT16 } from './weight-only/half-values'
import { observeMagnitudes } from './weight-only/observe-magnitudes'

/** Cast took a type's number with opset 6; most operators took float16 with 7. */
const MINIMUM_OPSET = 7
/** Values that never get above half's smallest normal number have hardly any digits left. */
const SMALLEST_NORMAL = 2 ** -14

export const convertFloat16 = definePass({
  name: 'convert-float16',
  title: 'Convert to float16',
  description: 'Computes in half precision where values fit: half the size, and fast on GPUs and NPUs. onnxruntime on CPUs mostly casts back and is slower; store-float16 is for those.',
  calibration: 'optional',
  quantizes: true,
  options: z.strictObject({
    keepIoTypes: z.boolean().default(true).describe('Inputs and outputs of the model stay float32.'),
    headroom: z.number().min(1).max(1024).default(4).describe('Values that came nearer than this factor to the largest half (65504) in calibration stay float32.'),
    keepOpTypes: z.array(z.string()).default([]).describe('Kinds of nodes that stay float32, beside those that have to.'),
    excludeNodes: z.array(z.string()).default([]).describe('Nodes of these names stay float32.'),
    calibrationSamples: z.number().int().min(1).max(100_000).default(32).describe('At most so many calibration samples are looked at.'),
  }),
  async run(edit, chosen, context) {
    if (opsetVersion(edit.model) < MINIMUM_OPSET) {
      return context.report({ severity: 'warning', code: 'opset-too-old', message: `Half precision needs opset ${MINIMUM_OPSET}; the model has ${opsetVersion(edit.model)}.`, hint: 'Export the model again with a newer opset.' })
    }
    const needs: Omit<Float16Needs, 'fits'> = {
      document: edit.document,
      graph: edit.main,
      types: inferTypes(edit.document),
      isSelected: ({ opType, name }) => !chosen.keepOpTypes.includes(opType) && !chosen.excludeNodes.includes(name),
      keepIoTypes: chosen.keepIoTypes,
    }
    if (planFloat16({ ...needs, fits: () => true }).nodes.size === 0) return
    const magnitudes = await magnitudesOf(edit, floatNames(edit, needs), { context, maxSamples: chosen.calibrationSamples })
    const fits = (name: string) => {
      const magnitude = magnitudes.get(name)
      return magnitude === undefined || magnitude === 0 || (magnitude >= SMALLEST_NORMAL && magnitude <= HIGHEST_FLOAT16 / chosen.headroom)
    }
    const plan = planFloat16({ ...needs, fits })
    reportKept(edit, plan, magnitudes.size > 0, context)
    rewriteFloat16(edit, { ...needs, fits }, { nodes: plan.nodes, context })
  },
})

/** Empty where onnxruntime does not run the model with all its values shown, as happens with If: the conversion does without then. */
async function magnitudesOf(edit: Edit, names: readonly string[], options: { context: PassContext; maxSamples: number }): Promise<Map<string, number>> {
  try {
    return await observeMagnitudes(edit, names, options)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'runtime-rejected') throw error
    return new Map()
  }
}

function floatNames(edit: Edit, needs: Omit<Float16Needs, 'fits'>): string[] {
  const names = [...edit.main.inputs.map(({ name }) => name), ...edit.main.nodes.flatMap(({ outputs }) => outputs)]
  return [...new Set(names)].filter((name) => name !== '' && isFloat32Value(needs, name) && !constantTensor(edit.document, edit.main, name))
}

function reportKept(edit: Edit, { nodes, outOfRange }: Float16Plan, isObserved: boolean, context: PassContext): void {
  if (!isObserved) {
    context.report({ severity: 'warning', code: 'ranges-unknown', message: 'It is not known whether all values fit half precision: there is no data, or the model does not run with its values shown.', hint: 'With calibration data, values out of range stay float32.' })
  }
  for (const { node, valueName } of outOfRange) {
    context.report({ severity: 'info', code: 'out-of-range', message: `${node.opType} '${node.name}' stays float32: half precision does not hold '${valueName}'.`, nodeId: node.id, nodeName: node.name, valueName })
  }
  const inner = edit.document.graphs().filter((graph) => graph !== edit.main)
  const innerFloats = inner.reduce((sum, graph) => sum + graph.initializers.filter(({ dataType }) => dataType === DATA_TYPES.float32.code).length, 0)
  if (innerFloats > 0) context.report({ severity: 'info', code: 'inner-graphs-left-float', message: `${innerFloats} constants within If, Loop or Scan stay float32.` })
  context.report({
    severity: 'info',
    code: 'slower-on-cpu',
    message: `${nodes.size} nodes compute in half precision. onnxruntime's CPU provider has few kernels for it and casts to float32 and back: measure before using it there.`,
    hint: 'For CPUs, store-float16 halves the file at no cost.',
  })
}
