import type { Rule, RuleTable } from './node-context'
import { attentionRules } from './rules/attention'
import { controlFlowRules } from './rules/control-flow'
import { convPoolRules } from './rules/conv-pool'
import { elementwiseRules } from './rules/elementwise'
import { generatorRules } from './rules/generator'
import { indexingRules } from './rules/indexing'
import { matmulRules } from './rules/matmul'
import { mlRules } from './rules/ml'
import { normalizationRules } from './rules/normalization'
import { quantizationRules } from './rules/quantization'
import { recurrentRules } from './rules/recurrent'
import { reductionRules } from './rules/reduction'
import { resizeRules } from './rules/resize'
import { sequenceRules } from './rules/sequence'
import { shapeRules } from './rules/shape'
import { signalRules } from './rules/signal'
import { sliceRules } from './rules/slice'
import { textRules } from './rules/text'

const RULES: ReadonlyMap<string, Rule> = new Map(
  (
    [
      attentionRules, controlFlowRules, convPoolRules, elementwiseRules, generatorRules, indexingRules, matmulRules, mlRules, normalizationRules,
      quantizationRules, recurrentRules, reductionRules, resizeRules, sequenceRules, shapeRules, signalRules, sliceRules, textRules,
    ] satisfies RuleTable[]
  ).flatMap((table: RuleTable) => Object.entries(table)),
)

/** The rule for an op, or null where there is none: its outputs are then unknown. */
export function ruleOf(domain: string, opType: string): Rule | null {
  return RULES.get(domain === '' || domain === 'ai.onnx' ? opType : `${domain}:${opType}`) ?? null
}

/** Ops with a rule, as `Op` or `domain:Op`. */
export function ruleNames(): string[] {
  return [...RULES.keys()]
}
