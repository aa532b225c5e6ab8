import type { Dim } from '../../records'
import { normalizeAxis, withDim } from '../dims'
import { type Fact, tensorFact } from '../fact'
import type { NodeContext, RuleTable } from '../node-context'

function halfSpectrum(length: Dim): Dim {
  return typeof length === 'number' ? Math.floor(length / 2) + 1 : null
}

/** [batch, …signal, 1 or 2] → the last axis 2 (complex), or 1 for a one-sided inverse */
function dft(node: NodeContext): Fact[] {
  const from = node.shape(0)
  const stated = node.opset < 20 ? node.int('axis', 1) : node.has(2) ? node.elements(2)?.[0] : -2
  const axis = from && typeof stated === 'number' ? normalizeAxis(stated, from.length) : null
  if (!from || axis === null) return [tensorFact(node.dataType(0), null)]
  const length = node.has(1) ? (node.elements(1)?.[0] ?? null) : (from[axis] ?? null)
  const oneSided = node.int('onesided', 0) !== 0
  const inverse = node.int('inverse', 0) !== 0
  const bins = oneSided && !inverse ? halfSpectrum(length) : length
  return [tensorFact(node.dataType(0), withDim(withDim(from, axis, bins), from.length - 1, oneSided && inverse ? 1 : 2))]
}

/** signal [batch, length, 1 or 2], frame_step, window, frame_length → [batch, frames, bins, 2] */
function stft(node: NodeContext): Fact[] {
  const [batch = null, length = null] = node.shape(0) ?? []
  const step = node.elements(1)?.[0] ?? null
  const frame = node.has(3) ? (node.elements(3)?.[0] ?? null) : (node.shape(2)?.[0] ?? null)
  const bins = node.int('onesided', 1) !== 0 ? halfSpectrum(frame) : frame
  const frames = typeof length === 'number' && typeof frame === 'number' && typeof step === 'number' && step > 0 ? Math.floor((length - frame) / step) + 1 : null
  return [tensorFact(node.dataType(0), [batch, frames, bins, 2])]
}

export const signalRules: RuleTable = {
  DFT: dft,
  STFT: stft,
  // [..., n] → [..., n / 2 + 1, 2] and back, for signal_ndim 1
  'com.microsoft:Rfft': (node) => {
    const from = node.shape(0)
    return [tensorFact(node.dataType(0), from && node.int('signal_ndim', 1) === 1 ? [...from.slice(0, -1), halfSpectrum(from.at(-1) ?? null), 2] : null)]
  },
  'com.microsoft:Irfft': (node) => {
    const from = node.shape(0)
    const bins = from?.at(-2) ?? null
    return [tensorFact(node.dataType(0), from && node.int('signal_ndim', 1) === 1 ? [...from.slice(0, -2), typeof bins === 'number' ? 2 * (bins - 1) : null] : null)]
  },
}
