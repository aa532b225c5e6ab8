import { z } from 'zod'
import { definePass } from './pass'
import { storeHalf } from './weight-only/store-half'

export const storeBfloat16 = definePass({
  name: 'store-bfloat16',
  title: 'Store weights as bfloat16',
  description: 'As float16 storage, with the range of float32 and fewer digits: for weights of very large or very small values. Needs opset 13; the model is raised to it where that is possible.',
  calibration: 'none',
  options: z.strictObject({
    minElements: z.number().int().min(1).default(256).describe('Constants with fewer elements stay float32.'),
  }),
  run(edit, { minElements }, context) {
    storeHalf(edit, { type: 'bfloat16', minElements }, context)
  },
})
