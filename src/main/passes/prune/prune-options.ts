import { z } from 'zod'
import { CUTS } from './channel-graph'
import { IMPORTANCE } from './unit-scores'

/** Options of prune-channels that decide what goes. */
export const pruneOptions = {
  cut: z.array(z.enum(CUTS)).min(1).default([...CUTS]).describe('What may go: channels of convolutions, heads of attention, hidden units of other layers.'),
  target: z.enum(['channels', 'macs', 'parameters', 'size', 'latency']).default('macs').describe('What is to shrink: channels of every layer, multiply–accumulates, parameters, bytes of the weights, or latency as measured here.'),
  amount: z.number().min(0).max(0.95).default(0.3).describe('How much of it to save, as a part of the whole.'),
  distribution: z.enum(['even', 'importance', 'sensitivity', 'latency']).default('even').describe('Which layers lose how much: the same part of each; where the least important channels are; where outputs lose least, measured layer by layer (needs data); or where they lose least for the time that is saved, both measured, on this computer (latency).'),
  importance: z.enum(IMPORTANCE).default('reconstruction').describe('Which channels of a layer go first: those with small weights (l1, l2), small normalization scales, small activations, or those that the next layers lose least without (the last two need data).'),
  roundTo: z.number().int().min(1).max(64).default(8).describe('Channels that stay are a multiple of this: processors compute them in blocks of 8 or 16.'),
  mostOfLayer: z.number().min(0.05).max(0.95).default(0.75).describe('At most this part of a layer goes.'),
  excludeNodes: z.array(z.string()).default([]).describe('Layers of these names keep their channels.'),
  calibrationSamples: z.number().int().min(1).max(100_000).default(256).describe('At most so many calibration samples are looked at.'),
}
export type PruneOptions = { [K in keyof typeof pruneOptions]: z.output<(typeof pruneOptions)[K]> }
