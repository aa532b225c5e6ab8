import { z } from 'zod'
import { operatorsToPairs } from './convert/to-pairs'
import { pairsToOperators } from './convert/to-operators'
import { isInFunction } from './constants'
import { definePass } from './pass'

const options = z.strictObject({
  to: z
    .enum(['operators', 'pairs'])
    .default('pairs')
    .describe('operators: QLinearConv and the like, for runtimes that want them. pairs: float operators between QuantizeLinear and DequantizeLinear, which every runtime can optimise its own way.'),
})

export const convertQuantization = definePass({
  name: 'convert-quantization',
  title: 'Convert between pairs and operators',
  description: 'Rewrites a statically quantized model from pairs of QuantizeLinear and DequantizeLinear to operators on integers, or back.',
  calibration: 'none',
  options,
  run(edit, { to }, context) {
    let turned = 0
    for (const graph of edit.document.graphs()) {
      if (isInFunction(edit.document, graph)) continue
      context.signal.throwIfAborted()
      turned += to === 'operators' ? pairsToOperators(edit, graph) : operatorsToPairs(edit, graph)
    }
    if (turned === 0) context.report({ severity: 'info', code: 'nothing-to-convert', message: `No node could be written as ${to}.` })
  },
})
