import { z } from 'zod'
import type { MatrixProducts } from '../runtime/linear-algebra'
import { decoupledForms } from './factorize/decoupled-form'
import type { ObservedLayer } from './factorize/fit'
import type { LinearLayer } from './factorize/linear-layer'
import { type Candidate, layerMacs } from './factorize/low-rank-forms'
import { factorCandidates, type Outcome, proposeLayers } from './factorize/propose'
import { replaceWhereBetter } from './factorize/replace-where-better'
import { definePass } from './pass'

/** Fitting wider patches takes minutes for each layer. */
const WIDEST = 2304

const options = z.strictObject({
  maxTerms: z.number().int().min(1).max(9).default(4).describe('At most so many pairs of depthwise and pointwise Conv for each Conv.'),
  maxError: z.number().min(0.001).max(0.9).default(0.15).describe('Largest relative error of the layer’s output over the calibration samples; the fewest pairs that keep to it are taken.'),
  keep: z.enum(['faster', 'fewer-macs']).default('faster').describe('faster: a layer is replaced only where its pairs were measured faster on this computer. fewer-macs: by the count alone.'),
  minSqnrDb: z.number().min(0).max(100).nullable().default(20).describe('Layers are replaced, the most exact first, as long as every output of the model stays above this many dB of the source’s; null: without a limit.'),
  calibrationSamples: z.number().int().min(1).max(100_000).default(64).describe('At most so many calibration samples are looked at.'),
  excludeNodes: z.array(z.string()).default([]).describe('Leave the nodes of these names as they are.'),
  minElements: z.number().int().min(0).default(2304).describe('Layers with fewer weights stay as they are.'),
})
type Options = z.output<typeof options>

export const decoupleConvolutions = definePass({
  name: 'decouple-convolutions',
  title: 'Decouple convolutions',
  description: 'Writes Conv as a sum of depthwise and pointwise pairs, as in MobileNet, fitted to calibration data, and keeps each only where it is measured faster. Reports the error for each number of pairs.',
  calibration: 'required',
  options,
  async run(edit, chosen, context) {
    const proposals = await proposeLayers(edit, { ...chosen, refusal, context }, (observed, products) => fewestTerms(observed, chosen, products))
    if (proposals.length === 0) return context.report({ severity: 'info', code: 'nothing-to-do', message: 'No Conv can be decoupled within this error with fewer multiply-accumulates.', hint: 'Allow more error or more pairs, or prune channels.' })
    await replaceWhereBetter(edit, proposals, { ...chosen, context })
  },
  candidates: (document, chosen) => factorCandidates(document, { ...chosen, refusal }),
})

/** Silent about what is no convolution with a kernel at all. */
function refusal({ window, groups, columns }: LinearLayer): string | null {
  if (!window || window.kernel.every((size) => size === 1)) return ''
  if (groups > 1) return 'it is grouped or depthwise already'
  return columns > WIDEST ? `its patches of ${columns} values are too many to fit` : null
}

async function fewestTerms(observed: ObservedLayer, { maxTerms, maxError }: Options, products: MatrixProducts): Promise<Outcome> {
  const { window } = observed.layer
  if (!window) throw new Error('internal: no convolution')
  const macs = layerMacs(observed)
  const figures: Record<string, number> = {}
  let best: Candidate | null = null
  let least = Infinity
  for await (const candidate of decoupledForms(observed, window, { maxTerms, products })) {
    figures[`error${candidate.ranks[0] ?? 0}`] = candidate.error
    if (candidate.macs >= macs) continue
    least = Math.min(least, candidate.error)
    if (!best && candidate.error <= maxError) best = candidate
  }
  if (best) return { candidate: best, figures: { ...figures, terms: best.ranks[0] ?? 0 } }
  return { reason: least === Infinity ? 'pairs have no fewer multiply-accumulates' : `with fewer multiply-accumulates its output is off by ${(least * 100).toFixed(0)} % at least`, figures }
}
