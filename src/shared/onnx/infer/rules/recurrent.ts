import type { Dim } from '../../records'
import { type Fact, tensorFact } from '../fact'
import type { NodeContext, Rule, RuleTable } from '../node-context'

interface Recurrent {
  /** LSTM also gives out its cell state. */
  readonly cell: boolean
  /** Where R is packed [directions, input, gates·hidden], its last axis is not the hidden size. */
  readonly packed?: boolean
}

/** X [sequence, batch, input] (layout 0) or [batch, sequence, input] (layout 1); R [directions, gates·hidden, hidden] */
function recurrent({ cell, packed = false }: Recurrent): Rule {
  return (node: NodeContext): Fact[] => {
    const x = node.shape(0)
    const batchFirst = node.int('layout', 0) === 1
    const [sequence, batch]: [Dim, Dim] = batchFirst ? [x?.[1] ?? null, x?.[0] ?? null] : [x?.[0] ?? null, x?.[1] ?? null]
    const directions = node.string('direction')?.toLowerCase() === 'bidirectional' ? 2 : 1
    const hidden = node.optionalInt('hidden_size') ?? (packed ? null : (node.shape(2)?.[2] ?? null))
    const dataType = node.dataType(0)
    const state = tensorFact(dataType, batchFirst ? [batch, directions, hidden] : [directions, batch, hidden])
    const all = tensorFact(dataType, batchFirst ? [batch, sequence, directions, hidden] : [sequence, directions, batch, hidden])
    return cell ? [all, state, state] : [all, state]
  }
}

export const recurrentRules: RuleTable = {
  RNN: recurrent({ cell: false }),
  GRU: recurrent({ cell: false }),
  LSTM: recurrent({ cell: true }),
  'com.microsoft:DynamicQuantizeLSTM': recurrent({ cell: true, packed: true }),
}
