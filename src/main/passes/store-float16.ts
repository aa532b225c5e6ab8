import { z } from 'zod'
import { definePass } from './pass'
import { storeHalf } from './weight-only/store-half'

export const storeFloat16 = definePass({
  name: 'store-float16',
  title: 'Store weights as float16',
  description: 'Halves the file: weights are stored in 16 bits and cast back when the model is loaded. Inference is as fast as before, on every processor.',
  calibration: 'none',
  options: z.strictObject({
    minElements: z.number().int().min(1).default(256).describe('Constants with fewer elements stay float32.'),
  }),
  run(edit, { minElements }, context) {
    storeHalf(edit, { type: 'float16', minElements }, context)
  },
})
