import { z } from 'zod'
import type { Edit } from '#shared/onnx/document'
import { definePass } from './pass'
import { observe } from './recovery/observe'
import { InputSketch, smoothingScales } from './recovery/smooth-scales'
import { snapshotModel } from './recovery/snapshot-model'
import { moveScales, multipliersOf } from './weight-only/scale-activations'
import { weightTarget, type WeightTarget } from './weight-only/weight-targets'

export const smoothActivations = definePass({
  name: 'smooth-activations',
  title: 'Smooth activations',
  description: 'Moves outliers of activations into the weights that read them, where a normalization or Mul before can take the scales. The model computes the same; int8 transformers lose less.',
  calibration: 'required',
  keepsResults: true,
  options: z.strictObject({
    strength: z
      .union([z.literal('search'), z.number().min(0).max(1)])
      .default('search')
      .describe('How much of an activation’s size moves into the weights (α, 0 to 1); search: for each activation what changes the products least.'),
    calibrationSamples: z.number().int().min(1).max(100_000).default(64).describe('At most so many calibration samples are looked at.'),
  }),
  /** SmoothQuant (Xiao et al. 2023, equation 4), with α chosen for each activation by the error of its products in 8 bits instead of by hand. */
  async run(edit, { strength, calibrationSamples }, context) {
    const groups = smoothable(edit)
    if (groups.size === 0) return
    const sketches = new Map([...groups].map(([name, [first]]) => [name, new InputSketch(first?.columns ?? 0)]))
    await observe(snapshotModel(edit.document), context, { names: [...groups.keys()], limit: calibrationSamples, optimization: 'none' }, (values) => {
      for (const [name, sketch] of sketches) sketch.add(values.get(name))
    })
    const found: string[] = []
    for (const [at, [name, targets]] of [...groups].entries()) {
      context.signal.throwIfAborted()
      context.progress('smoothing', at / groups.size, name)
      const sketch = sketches.get(name)
      const made = multipliersOf(edit, name, targets)
      const chosen = sketch?.isUsable ? smoothingScales(sketch, targets, strength) : null
      if (!chosen || !made) continue
      moveScales(edit, targets, made, chosen.scales)
      found.push(`'${name}' ${chosen.strength.toFixed(2)}`)
    }
    if (found.length > 0) context.report({ severity: 'info', code: 'smoothed', message: `Scales were moved for ${found.length} of ${groups.size} activations, by strength: ${found.slice(0, 8).join(', ')}${found.length > 8 ? ', …' : ''}.` })
  },
})

/** Products by the activation they read, where what makes it can be divided by scales. */
function smoothable(edit: Edit): Map<string, WeightTarget[]> {
  const groups = new Map<string, WeightTarget[]>()
  for (const node of edit.main.nodes) {
    const target = weightTarget(edit.document, edit.main, node, { minElements: 1, blockSize: 1 })
    if ('reason' in target || target.kind !== 'product') continue
    const [name = ''] = node.inputs
    groups.set(name, [...(groups.get(name) ?? []), target])
  }
  return new Map([...groups].filter(([name, targets]) => multipliersOf(edit, name, targets) !== null))
}
