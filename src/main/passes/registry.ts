import { z } from 'zod'
import type { PassInfo } from '#shared/ipc/contract'
import { AppError } from '#shared/errors'
import { convertQuantization } from './convert-quantization'
import { convertFloat16 } from './convert-float16'
import { correctBias } from './correct-bias'
import { decoupleConvolutions } from './decouple-convolutions'
import { dequantize } from './dequantize'
import { eliminateCommonSubexpressions } from './eliminate-common-subexpressions'
import { eliminateDeadNodes } from './eliminate-dead-nodes'
import { equalizeLayers } from './equalize-layers'
import { factorizeLayers } from './factorize-layers'
import { foldBatchNormalization } from './fold-batch-normalization'
import { foldConstants } from './fold-constants'
import { foldPads } from './fold-pads'
import { fuseAttention } from './fuse-attention'
import { fuseBiasAdd } from './fuse-bias-add'
import { fuseMatMulAdd } from './fuse-matmul-add'
import { fuseConvActivation } from './fuse-conv-activation'
import { fuseGelu } from './fuse-gelu'
import { fuseLayerNormalization } from './fuse-layer-normalization'
import { fuseRmsNormalization } from './fuse-rms-normalization'
import { fuseRotaryEmbedding } from './fuse-rotary-embedding'
import { fuseSkipNormalization } from './fuse-skip-normalization'
import { learnRounding } from './learn-rounding'
import { nearestNames } from './nearest-names'
import type { Pass } from './pass'
import { pruneChannels } from './prune-channels'
import { quantizeDynamic } from './quantize-dynamic'
import { quantizeStatic } from './quantize-static'
import { quantizeWeights } from './quantize-weights'
import { removeBlocks } from './remove-blocks'
import { reEstimateNormalization } from './re-estimate-normalization'
import { removeIdentities } from './remove-identities'
import { simplifyDataMovement } from './simplify-data-movement'
import { simplifyShapes } from './simplify-shapes'
import { sinkTransposes } from './sink-transposes'
import { smoothActivations } from './smooth-activations'
import { storeBfloat16 } from './store-bfloat16'
import { storeFloat16 } from './store-float16'
import { reorderNodes } from './reorder-nodes'
import { searchPrecision } from './search-precision'
import { sparsifyWeights } from './sparsify-weights'

/** Every pass there is, in the order in which a recipe would use them. */
export const passes: readonly Pass[] = [foldConstants, eliminateDeadNodes, foldBatchNormalization, fuseBiasAdd, fuseMatMulAdd, simplifyShapes, simplifyDataMovement, sinkTransposes, removeIdentities, foldPads, fuseLayerNormalization, fuseRmsNormalization, fuseGelu, fuseRotaryEmbedding, fuseAttention, fuseSkipNormalization, fuseConvActivation, eliminateCommonSubexpressions, reorderNodes, removeBlocks, pruneChannels, factorizeLayers, decoupleConvolutions, sparsifyWeights, equalizeLayers, smoothActivations, quantizeDynamic, quantizeStatic, searchPrecision, learnRounding, reEstimateNormalization, correctBias, quantizeWeights, convertFloat16, storeFloat16, storeBfloat16, convertQuantization, dequantize]

/** Throws AppError `invalid-recipe`, naming passes of similar names, where there is none. */
export function passByName(name: string): Pass {
  const pass = passes.find((known) => known.name === name)
  if (pass) return pass
  const names = passes.map((known) => known.name)
  const near = nearestNames(name, names)
  throw new AppError({
    code: 'invalid-recipe',
    message: `There is no pass '${name}'.`,
    hint: near.length > 0 ? `Did you mean ${near.map((known) => `'${known}'`).join(' or ')}?` : `Passes: ${names.join(', ')}.`,
    details: { pass: name },
  })
}

/** What people and programs see of the passes, with the JSON schema of each one's options. */
export function passInfo(): PassInfo[] {
  return passes.map(({ name, title, description, calibration, options }) => ({ name, title, description, calibration, optionsSchema: optionsSchema(options) }))
}

/** Defaults are filled in, so no field is required of the writer. */
export function optionsSchema(options: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(options, { io: 'input' })
  return schema
}
