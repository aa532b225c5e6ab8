import { z } from 'zod'
import type { MatrixProducts } from '../runtime/linear-algebra'
import type { ObservedLayer } from './factorize/fit'
import { type Candidate, type Form, FORMS, layerMacs, lowRankForms } from './factorize/low-rank-forms'
import { factorCandidates, type Outcome, proposeLayers } from './factorize/propose'
import { replaceWhereBetter } from './factorize/replace-where-better'
import { definePass } from './pass'

/** Ranks tried, of the full one. */
const LEVELS = 16
/** Of the layer's multiply-accumulates: a second node costs something too. */
const MOST_MACS = 0.85

const options = z.strictObject({
  forms: z
    .array(z.enum(FORMS))
    .default([...FORMS])
    .describe('channels: fewer output channels, then a product to all of them (SVD for Gemm, MatMul, 1×1 Conv). spatial: k×1, then 1×k. tucker: 1×1, the kernel on fewer channels, 1×1.'),
  rankBy: z.enum(['energy', 'error', 'macs']).default('energy').describe('What decides the rank: the energy or the error of the layer’s output, or a share of its multiply-accumulates.'),
  energy: z.number().min(0.5).max(0.99999).default(0.98).describe('With rankBy energy: share of the output’s variance over the calibration samples that is kept.'),
  maxError: z.number().min(0.001).max(0.9).default(0.15).describe('With rankBy error: largest relative error of the layer’s output.'),
  macsRatio: z.number().min(0.05).max(0.85).default(0.5).describe('With rankBy macs: share of the layer’s multiply-accumulates that is kept.'),
  keep: z.enum(['faster', 'fewer-macs']).default('faster').describe('faster: a layer is replaced only where its parts were measured faster on this computer. fewer-macs: by the count alone.'),
  minSqnrDb: z.number().min(0).max(100).nullable().default(20).describe('Layers are replaced, the most exact first, as long as every output of the model stays above this many dB of the source’s; null: without a limit.'),
  calibrationSamples: z.number().int().min(1).max(100_000).default(64).describe('At most so many calibration samples are looked at.'),
  excludeNodes: z.array(z.string()).default([]).describe('Leave the nodes of these names as they are.'),
  minElements: z.number().int().min(0).default(4096).describe('Layers with fewer weights stay as they are.'),
})
type Options = z.output<typeof options>

export const factorizeLayers = definePass({
  name: 'factorize-layers',
  title: 'Factor layers (low rank)',
  description: 'Writes Conv, Gemm and MatMul as two or three smaller layers, by what calibration data shows of their inputs, and keeps each only where it is measured faster.',
  calibration: 'required',
  options,
  async run(edit, chosen, context) {
    const proposals = await proposeLayers(edit, { ...chosen, refusal, context }, (observed, products) => bestForm(observed, chosen, products))
    if (proposals.length === 0) return context.report({ severity: 'info', code: 'nothing-to-do', message: 'No layer can be factored at this energy, error or budget.', hint: 'Allow more error, or prune channels.' })
    await replaceWhereBetter(edit, proposals, { ...chosen, context })
  },
  candidates: (document, chosen) => factorCandidates(document, { ...chosen, refusal }),
})

function refusal({ groups }: { readonly groups: number }): string | null {
  return groups === 1 ? null : 'it is a grouped convolution, whose groups are small matrices already'
}

async function bestForm(observed: ObservedLayer, chosen: Options, products: MatrixProducts): Promise<Outcome> {
  const forms = await lowRankForms(observed, chosen.forms, products)
  const macs = layerMacs(observed)
  const limit = chosen.rankBy === 'macs' ? chosen.macsRatio * macs : MOST_MACS * macs
  const maxError = chosen.rankBy === 'energy' ? Math.sqrt(1 - chosen.energy) : chosen.rankBy === 'error' ? chosen.maxError : Infinity
  const found: Candidate[] = []
  let least = Infinity
  for (const form of forms) {
    const highest = highestLevel(form, limit)
    if (highest === null) continue
    const largest = await form.candidate(highest / LEVELS)
    least = Math.min(least, largest.error)
    if (largest.error > maxError) continue
    found.push(chosen.rankBy === 'macs' ? largest : await smallestWithin(form, { highest, largest, maxError }))
  }
  const best = found.toSorted((a, b) => (chosen.rankBy === 'macs' ? a.error - b.error : a.macs - b.macs))[0]
  if (best) return { candidate: best, figures: Object.fromEntries(best.ranks.map((rank, at) => [`rank${at + 1}`, rank])) }
  if (least === Infinity) return { reason: 'no form of it has clearly fewer multiply-accumulates', figures: {} }
  return { reason: `with clearly fewer multiply-accumulates its output is off by ${(least * 100).toFixed(0)} % at least`, figures: { relativeError: least } }
}

/** In sixteenths of full rank; null where even the lowest rank costs more. */
function highestLevel(form: Form, macs: number): number | null {
  for (let level = LEVELS; level > 0; level--) if (form.macs(level / LEVELS) <= macs) return level
  return null
}

async function smallestWithin(form: Form, { highest, largest, maxError }: { highest: number; largest: Candidate; maxError: number }): Promise<Candidate> {
  let best = largest
  for (let below = 0, within = highest; within - below > 1; ) {
    const level = Math.floor((below + within) / 2)
    const candidate = await form.candidate(level / LEVELS)
    if (candidate.error <= maxError) {
      best = candidate
      within = level
    } else below = level
  }
  return best
}
